//! Which dialect each provider speaks.

use crate::{
    address::Base, anthropic::Anthropic, dialect::Dialect, gemini::Gemini, openai::OpenAi,
    AssistantError, Provider,
};

/// How `provider` is asked; `None` if there is nobody to ask.
///
/// # Errors
///
/// [`AssistantError::BadUrl`].
pub(crate) fn dialect(provider: &Provider) -> Result<Option<Box<dyn Dialect>>, AssistantError> {
    let dialect: Box<dyn Dialect> = match provider {
        Provider::Echo => return Ok(None),
        Provider::OpenAi { base_url, model } => Box::new(OpenAi {
            base: Base::parse(base_url)?,
            model: model.clone(),
        }),
        Provider::Anthropic { base_url, model } => Box::new(Anthropic {
            base: Base::parse(base_url)?,
            model: model.clone(),
        }),
        Provider::Gemini { base_url, model } => Box::new(Gemini {
            base: Base::parse(base_url)?,
            model: model.clone(),
        }),
    };
    Ok(Some(dialect))
}
