//! What was measured: on the terminal as it comes, and in files at the end.

use std::{fmt::Write, fs, path::Path, process::Command};

use serde_json::{json, Value};

/// What was measured in one run.
#[derive(Debug, Default)]
pub(crate) struct Results {
    rows: Vec<Row>,
    notes: Vec<Note>,
}

/// What must be known of a part to read its numbers.
#[derive(Debug)]
struct Note {
    part: String,
    text: String,
}

#[derive(Debug)]
struct Row {
    part: String,
    name: String,
    unit: &'static str,
    /// Sorted.
    samples: Vec<f64>,
    /// Its median over that of another row of this part and run, by name.
    ratios: Vec<(String, f64)>,
}

impl Row {
    /// Of an even number, the mean of the two in the middle; 0 of none.
    fn median(&self) -> f64 {
        let (count, middle) = (self.samples.len(), self.samples.len() / 2);
        let both = self.samples.get(count.saturating_sub(1) / 2..=middle);
        both.map_or(0.0, |both| both.iter().sum::<f64>() / both.len() as f64)
    }

    /// By nearest rank: the least that 95 of 100 do not exceed; 0 of none.
    fn p95(&self) -> f64 {
        let rank = (self.samples.len() * 95).div_ceil(100);
        let sample = self.samples.get(rank.saturating_sub(1));
        sample.copied().unwrap_or_default()
    }
}

impl Results {
    /// Adds times in milliseconds.
    pub(crate) fn add(&mut self, part: &str, name: &str, samples: &[f64]) {
        self.add_in(part, name, "ms", samples);
    }

    /// Adds samples of a unit.
    pub(crate) fn add_in(&mut self, part: &str, name: &str, unit: &'static str, samples: &[f64]) {
        if self.rows.last().is_none_or(|last| last.part != part) {
            println!("{part}");
        }
        let mut samples = samples.to_vec();
        samples.sort_by(f64::total_cmp);
        let row = Row {
            part: part.to_owned(),
            name: name.to_owned(),
            unit,
            samples,
            ratios: Vec::new(),
        };
        let (median, p95, count) = (row.median(), row.p95(), row.samples.len());
        println!("  {name:<42} {median:>9.3} {unit}   (p95 {p95:.3}, of {count})");
        self.rows.push(row);
    }

    /// Adds what must be said of a part that has rows.
    pub(crate) fn note(&mut self, part: &str, text: &str) {
        println!("    {text}");
        self.notes.push(Note {
            part: part.to_owned(),
            text: text.to_owned(),
        });
    }

    /// Compares the medians of two rows of one part. There is no other way to get a ratio, so none is of
    /// two runs.
    pub(crate) fn ratio(&mut self, part: &str, name: &str, to: &str) {
        let find = |name: &str| {
            let mut rows = self.rows.iter();
            rows.position(|row| row.part == part && row.name == name)
        };
        let (Some(of), Some(base)) = (find(name), find(to)) else {
            panic!("{part} has no {name} or no {to}");
        };
        let ratio = self.rows[of].median() / self.rows[base].median();
        println!("    {name} / {to} = {ratio:.2}");
        self.rows[of].ratios.push((to.to_owned(), ratio));
    }

    /// Writes `bench.json` and `bench.svg`.
    pub(crate) fn write(&self, folder: &Path) {
        fs::create_dir_all(folder).expect("the folder can be made");
        let rows = self.rows.iter().map(|row| {
            json!({
                "part": row.part,
                "name": row.name,
                "unit": row.unit,
                "median": row.median(),
                "p95": row.p95(),
                "samples": row.samples,
                "ratios": row.ratios.iter().map(|(to, ratio)| json!({ "to": to, "ratio": ratio })).collect::<Vec<_>>(),
            })
        });
        let machine = machine();
        let notes = self.notes.iter();
        let notes = notes.map(|note| json!({ "part": note.part, "text": note.text }));
        let all = json!({
            "machine": machine,
            "rows": rows.collect::<Vec<_>>(),
            "notes": notes.collect::<Vec<_>>(),
        });
        let text = serde_json::to_string_pretty(&all).expect("it is plain data");
        fs::write(folder.join("bench.json"), text).expect("it can be written");
        fs::write(folder.join("bench.svg"), self.picture(&machine)).expect("it can be written");
    }

    /// Bars of the medians, with a line to the 95th percentile. Each part has a scale of its own.
    fn picture(&self, machine: &Value) -> String {
        const LINE: usize = 20;
        const LEFT: f64 = 330.0;
        const WIDTH: f64 = 400.0;
        let (mut body, mut y) = (String::new(), 54);
        for part in self.rows.chunk_by(|a, b| a.part == b.part) {
            let longest = part.iter().map(Row::p95).fold(f64::MIN_POSITIVE, f64::max);
            y += LINE;
            let title = escape(&part[0].part);
            writeln!(
                body,
                "<text x='16' y='{y}' font-weight='bold'>{title}</text>"
            )
            .expect("a text");
            for row in part {
                y += LINE;
                let (bar, line) = (row.median() / longest * WIDTH, row.p95() / longest * WIDTH);
                let (name, unit, median) = (escape(&row.name), row.unit, row.median());
                let ratios = row.ratios.iter();
                let ratios = ratios.map(|(to, ratio)| format!(", {ratio:.2} × {}", escape(to)));
                let ratios: String = ratios.collect();
                let (top, middle, end) = (y - 12, y - 5, LEFT + line);
                writeln!(
                    body,
                    "<text x='28' y='{y}'>{name}</text>\n\
                     <rect x='{LEFT}' y='{top}' width='{bar:.1}' height='14' fill='#5b8dd6'/>\n\
                     <path d='M{LEFT} {middle} H{end:.1}' stroke='#333'/>\n\
                     <text x='{:.1}' y='{y}'>{median:.3} {unit}{ratios}</text>",
                    end + 8.0
                )
                .expect("a text");
            }
            for note in self.notes.iter().filter(|note| note.part == part[0].part) {
                for line in lines(&note.text) {
                    y += LINE;
                    let line = escape(&line);
                    writeln!(body, "<text x='28' y='{y}' fill='#555'>{line}</text>")
                        .expect("a text");
                }
            }
            y += LINE / 2;
        }
        let height = y + LINE;
        let about = format!(
            "{}, {} cores, commit {}, {}",
            machine["cpu"].as_str().unwrap_or_default(),
            machine["cores"],
            machine["commit"].as_str().unwrap_or_default(),
            machine["compiler"].as_str().unwrap_or_default(),
        );
        format!(
            "<svg xmlns='http://www.w3.org/2000/svg' width='1500' height='{height}' font-family='sans-serif' font-size='13'>\n\
             <rect width='100%' height='100%' fill='white'/>\n\
             <text x='16' y='28' font-size='17'>hot_reloader: medians of one run, with lines to the 95th percentile</text>\n\
             <text x='16' y='48' fill='#555'>{}</text>\n{body}</svg>\n",
            escape(&about)
        )
    }
}

/// A value of a report that is a number.
pub(crate) fn number(value: &Value) -> f64 {
    value.as_f64().expect("a number")
}

/// Where it was measured, and of what.
fn machine() -> Value {
    let said = |program: &str, arguments: &[&str]| {
        let output = Command::new(program).args(arguments).output();
        let text = output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
        text.unwrap_or_default()
    };
    let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let cpu = cpus
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    json!({
        "cpu": cpu.map_or("unknown processor", |(_, name)| name.trim()),
        "cores": std::thread::available_parallelism().map_or(1, usize::from),
        "system": said("uname", &["-sr"]),
        "compiler": said("rustc", &["--version"]),
        "commit": said("git", &["rev-parse", "--short", "HEAD"]),
        "settings": "development profile of this repository unless a part says otherwise; work_ahead off for the edits but where a part says prebuilt",
    })
}

/// A text in lines that the picture has room for.
fn lines(text: &str) -> Vec<String> {
    const ROOM: usize = 180;
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.len() + word.len() < ROOM => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('\'', "&#39;")
}
