//! What can be asked for, and how a model asks for it.

use serde_json::{json, Map, Value};

use crate::HandsError;

/// What the line is called by that a file is read from.
pub(crate) const FROM_LINE: &str = "from_line";

/// Something that can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tool {
    /// The text of a file.
    Read,
    /// What is in a folder.
    List,
    /// Where a text is.
    Search,
    /// New contents for a file.
    Change,
    /// A command of the shell.
    Run,
}

/// One call of a tool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// The text of a file.
    Read {
        /// From the project's folder, as in the others.
        path: String,
        /// The first line that is wanted, from 1.
        from_line: usize,
    },
    /// What is in a folder.
    List {
        /// `.` for the project's.
        path: String,
    },
    /// Where a text is.
    Search {
        /// What is looked for, as it is.
        text: String,
        /// A file or a folder.
        path: String,
    },
    /// New contents for a file.
    Change {
        /// Which.
        path: String,
        /// All of it.
        contents: String,
    },
    /// A command of the shell.
    Run {
        /// As it would be typed.
        command: String,
    },
}

impl Tool {
    /// All of them, those that only look first.
    pub const ALL: [Self; 5] = [
        Self::Read,
        Self::List,
        Self::Search,
        Self::Change,
        Self::Run,
    ];

    /// What a model calls it by.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Read => "read_file",
            Self::List => "list_files",
            Self::Search => "search_files",
            Self::Change => "change_file",
            Self::Run => "run_command",
        }
    }

    /// What a model is told of it.
    #[must_use]
    pub fn description(self) -> &'static str {
        match self {
            Self::Read => {
                "Reads a text file of the project. Of a long one it gives some lines, and says which of how \
                 many these are and how to go on."
            }
            Self::List => "Lists what is in a folder of the project. Folders end with /, links with @.",
            Self::Search => {
                "Finds the lines that contain a text, in a file of the project or in all files of a \
                 folder and those below it. Hidden files have to be named. Upper and lower case matter."
            }
            Self::Change => {
                "Writes a text file of the project, or makes it. A person sees the difference first, \
                 and may refuse or edit it. Give all of the new contents. Where all lines end in CR LF, \
                 those that are written with LF get it. A byte order mark stays."
            }
            Self::Run => {
                "Runs a command of the shell in the project's folder, without input and with a time \
                 limit. A person sees it first, and may refuse or edit it."
            }
        }
    }

    /// Whether it changes nothing.
    #[must_use]
    pub fn only_looks(self) -> bool {
        matches!(self, Self::Read | Self::List | Self::Search)
    }

    /// The arguments, each a text, and what they are.
    fn arguments(self) -> &'static [(&'static str, &'static str)] {
        const PATH: (&str, &str) = ("path", "From the project's folder, such as src/main.rs");
        match self {
            Self::Read => &[PATH],
            Self::List => &[(
                "path",
                "From the project's folder; . for that folder itself",
            )],
            Self::Search => &[
                ("text", "What to look for, as it is"),
                (
                    "path",
                    "A file or a folder, from the project's folder; . for all",
                ),
            ],
            Self::Change => &[PATH, ("contents", "All that is to be in the file")],
            Self::Run => &[("command", "As it would be typed into sh")],
        }
    }

    /// The arguments that may be left out, each a whole number, and what they are.
    fn numbers(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Read => &[(
                FROM_LINE,
                "The line to begin with, counted from 1; the first if it is left out",
            )],
            Self::List | Self::Search | Self::Change | Self::Run => &[],
        }
    }

    /// The arguments as a JSON schema.
    #[must_use]
    pub fn schema(self) -> Value {
        let of_type = |kind: &'static str, arguments: &'static [(&'static str, &'static str)]| {
            arguments.iter().map(move |(name, about)| {
                let property = json!({ "type": kind, "description": about });
                ((*name).to_owned(), property)
            })
        };
        let texts = self.arguments();
        let properties = of_type("string", texts).chain(of_type("integer", self.numbers()));
        let properties: Map<String, Value> = properties.collect();
        let required: Vec<&str> = texts.iter().map(|(name, _)| *name).collect();
        json!({ "type": "object", "properties": properties, "required": required })
    }
}

impl Wanted {
    /// What a model asks for with this name and these arguments, in JSON.
    ///
    /// # Errors
    ///
    /// If there is no such tool, or it has other arguments. To be told to the model.
    pub fn parse(name: &str, arguments: &str) -> Result<Self, HandsError> {
        let Some(tool) = Tool::ALL.into_iter().find(|tool| tool.name() == name) else {
            return Err(HandsError::NoTool {
                name: name.to_owned(),
                known: Tool::ALL.map(Tool::name).join(", "),
            });
        };
        let wrong = |reason| HandsError::Arguments {
            name: tool.name(),
            reason,
        };
        let arguments: Value =
            serde_json::from_str(arguments).map_err(|error| wrong(error.to_string()))?;
        let text = |name: &str| match arguments.get(name) {
            Some(Value::String(text)) => Ok(text.clone()),
            Some(other) => Err(wrong(format!("{name} is {other} and no text"))),
            None => Err(wrong(format!("{name} is missing"))),
        };
        let line = |name: &str| match arguments.get(name) {
            None | Some(Value::Null) => Ok(1),
            Some(value) => number_of_line(value)
                .ok_or_else(|| wrong(format!("{name} is {value}, and lines are counted from 1"))),
        };
        Ok(match tool {
            Tool::Read => Self::Read {
                path: text("path")?,
                from_line: line(FROM_LINE)?,
            },
            Tool::List => Self::List {
                path: text("path")?,
            },
            Tool::Search => Self::Search {
                text: text("text")?,
                path: text("path")?,
            },
            Tool::Change => Self::Change {
                path: text("path")?,
                contents: text("contents")?,
            },
            Tool::Run => Self::Run {
                command: text("command")?,
            },
        })
    }

    /// Which tool it is of.
    #[must_use]
    pub fn tool(&self) -> Tool {
        match self {
            Self::Read { .. } => Tool::Read,
            Self::List { .. } => Tool::List,
            Self::Search { .. } => Tool::Search,
            Self::Change { .. } => Tool::Change,
            Self::Run { .. } => Tool::Run,
        }
    }
}

/// The number of a line. Some models write numbers as texts.
fn number_of_line(value: &Value) -> Option<usize> {
    let number: usize = match value {
        Value::String(text) => text.trim().parse().ok()?,
        value => usize::try_from(value.as_u64()?).ok()?,
    };
    (number > 0).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_what_its_arguments_say() {
        let wanted = Wanted::parse("change_file", r#"{"path":"a","contents":"b","more":1}"#);
        let expected = Wanted::Change {
            path: "a".to_owned(),
            contents: "b".to_owned(),
        };
        assert_eq!(wanted.unwrap(), expected);
        for tool in Tool::ALL {
            let names = tool.arguments().iter();
            let arguments: Map<_, _> = names
                .map(|(name, _)| ((*name).to_owned(), json!("x")))
                .collect();
            let arguments = Value::Object(arguments).to_string();
            assert_eq!(Wanted::parse(tool.name(), &arguments).unwrap().tool(), tool);
        }
    }

    #[test]
    fn a_file_is_read_from_its_first_line_or_from_another() {
        for (arguments, from_line) in [
            (r#"{"path":"a"}"#, 1),
            (r#"{"path":"a","from_line":null}"#, 1),
            (r#"{"path":"a","from_line":7}"#, 7),
            (r#"{"path":"a","from_line":"7"}"#, 7),
        ] {
            let path = "a".to_owned();
            let expected = Wanted::Read { path, from_line };
            assert_eq!(Wanted::parse("read_file", arguments).unwrap(), expected);
        }
        let schema = Tool::Read.schema();
        assert_eq!(schema["required"], json!(["path"]));
        assert_eq!(schema["properties"]["path"]["type"], "string");
        assert_eq!(schema["properties"]["from_line"]["type"], "integer");
    }

    #[test]
    fn what_is_wrong_with_a_call_is_said() {
        for (name, arguments, says) in [
            ("delete", "{}", "there is no tool delete"),
            ("read_file", "{", "cannot be read"),
            ("read_file", "{}", "path is missing"),
            ("read_file", r#"{"path":1}"#, "path is 1 and no text"),
            ("read_file", "[]", "path is missing"),
            (
                "read_file",
                r#"{"path":"a","from_line":0}"#,
                "from_line is 0, and lines are counted from 1",
            ),
            ("read_file", r#"{"path":"a","from_line":-1}"#, "from 1"),
            ("read_file", r#"{"path":"a","from_line":"b"}"#, "from 1"),
        ] {
            let error = Wanted::parse(name, arguments).unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        }
    }
}
