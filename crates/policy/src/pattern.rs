//! Texts with `*`, `?` and `${variables}`, compiled.
//!
//! Matching never goes back more than to the last star: its time is at most the product of both
//! lengths, and linear for patterns whose pieces between stars hold no `?`. What a variable stands
//! for is literal: a star inside its value is a star.

use std::borrow::Cow;

use crate::keys::Keys;

/// A text that is compared with, in its cheapest form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Pattern {
    /// `*`.
    Any,
    /// No wildcard and no variable.
    Exact(Box<str>),
    /// One star, at the end.
    Prefix(Box<str>),
    /// Any other mixture.
    Tokens(Box<[Token]>),
}

/// A piece of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Token {
    /// This very text.
    Literal(Box<str>),
    /// `?`: one character.
    One,
    /// `*`: any number of characters.
    Star,
    /// `${key}` or `${key, 'default'}`.
    Variable { key: Box<str>, default: Option<Box<str>> },
}

/// A variable that the request gives no single value and the policy no default: its statement does not apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unresolved;

/// What is special in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Syntax {
    /// `*` and `?` are wildcards.
    pub(crate) wildcards: bool,
    /// `${…}` is a variable (policy version 2012-10-17).
    pub(crate) variables: bool,
}

impl Pattern {
    /// Compiles `text`; `None` when a variable is not closed or has no name.
    pub(crate) fn compile(text: &str, syntax: Syntax) -> Option<Self> {
        Some(Self::of(tokenize(text, syntax)?))
    }

    /// The cheapest form of `tokens`.
    pub(crate) fn of(tokens: Vec<Token>) -> Self {
        match tokens.as_slice() {
            [] => Self::Exact("".into()),
            [Token::Star] => Self::Any,
            [Token::Literal(text)] => Self::Exact(text.clone()),
            [Token::Literal(text), Token::Star] => Self::Prefix(text.clone()),
            _ => Self::Tokens(tokens.into()),
        }
    }

    /// Whether `text` matches; variables take their values from `keys`.
    pub(crate) fn matches(&self, text: &str, keys: Keys<'_>) -> Result<bool, Unresolved> {
        Ok(match self {
            Self::Any => true,
            Self::Exact(exact) => **exact == *text,
            Self::Prefix(prefix) => text.starts_with(&**prefix),
            Self::Tokens(tokens) => matches_tokens(&resolve(tokens, keys)?, text),
        })
    }

    /// Whether `text` matches a pattern that was compiled without variables.
    pub(crate) fn matches_plain(&self, text: &str) -> bool {
        self.matches(text, Keys::none()).unwrap_or(false)
    }

    /// The text that it stands for when it has no wildcards, with variables filled in.
    pub(crate) fn text(&self, keys: Keys<'_>) -> Result<Cow<'_, str>, Unresolved> {
        match self {
            Self::Exact(text) => Ok(Cow::Borrowed(text)),
            Self::Any => Ok(Cow::Borrowed("*")),
            Self::Prefix(text) => Ok(Cow::Owned(format!("{text}*"))),
            Self::Tokens(tokens) => {
                let pieces = resolve(tokens, keys)?;
                Ok(Cow::Owned(pieces.iter().map(|piece| piece.as_text()).collect()))
            }
        }
    }

    /// The only text that matches, if there is only one.
    pub(crate) fn exact(&self) -> Option<&str> {
        match self {
            Self::Exact(text) => Some(text),
            _ => None,
        }
    }
}

/// Takes `text` apart. Neighbouring stars become one.
pub(crate) fn tokenize(text: &str, syntax: Syntax) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut literal = String::new();
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let token = match next {
            '*' if syntax.wildcards => Token::Star,
            '?' if syntax.wildcards => Token::One,
            '$' if syntax.variables && rest.starts_with("${") => {
                let (inside, after) = rest.get(2..)?.split_once('}')?;
                rest = after;
                match variable(inside)? {
                    Token::Literal(escaped) => literal.push_str(&escaped),
                    token => push(&mut tokens, &mut literal, token),
                }
                continue;
            }
            other => {
                literal.push(other);
                rest = rest.get(other.len_utf8()..)?;
                continue;
            }
        };
        push(&mut tokens, &mut literal, token);
        rest = rest.get(1..)?;
    }
    if !literal.is_empty() {
        tokens.push(Token::Literal(literal.into()));
    }
    Some(tokens)
}

fn push(tokens: &mut Vec<Token>, literal: &mut String, token: Token) {
    if !literal.is_empty() {
        tokens.push(Token::Literal(std::mem::take(literal).into()));
    }
    if token != Token::Star || tokens.last() != Some(&Token::Star) {
        tokens.push(token);
    }
}

/// What stands between `${` and `}`: an escape, a key, or a key and a default in single quotes.
fn variable(inside: &str) -> Option<Token> {
    if matches!(inside, "*" | "?" | "$") {
        return Some(Token::Literal(inside.into()));
    }
    let (key, default) = match inside.split_once(',') {
        Some((key, default)) => {
            let default = default.trim().strip_prefix('\'')?.strip_suffix('\'')?;
            (key.trim(), Some(default.into()))
        }
        None => (inside.trim(), None),
    };
    let named = !key.is_empty() && !key.contains(['*', '?', '$', '{', '\'']);
    named.then(|| Token::Variable { key: key.into(), default })
}

/// A token with its variable filled in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Piece<'a> {
    Literal(&'a str),
    One,
    Star,
}

impl<'a> Piece<'a> {
    fn as_text(self) -> &'a str {
        match self {
            Self::Literal(text) => text,
            Self::One => "?",
            Self::Star => "*",
        }
    }
}

pub(crate) fn resolve<'a>(tokens: &'a [Token], keys: Keys<'a>) -> Result<Vec<Piece<'a>>, Unresolved> {
    let piece = |token: &'a Token| {
        Ok(match token {
            Token::Literal(text) => Piece::Literal(text),
            Token::One => Piece::One,
            Token::Star => Piece::Star,
            Token::Variable { key, default } => {
                Piece::Literal(keys.single(key).or(default.as_deref()).ok_or(Unresolved)?)
            }
        })
    };
    tokens.iter().map(piece).collect()
}

/// Whether `text` is one that `pieces` describe.
pub(crate) fn matches_tokens(pieces: &[Piece<'_>], text: &str) -> bool {
    let mut chunks = pieces.split(|piece| *piece == Piece::Star);
    let Some(first) = chunks.next() else { return text.is_empty() };
    let Some(mut rest) = strip(first, text) else { return false };
    let mut chunks: Vec<_> = chunks.collect();
    let Some(last) = chunks.pop() else { return rest.is_empty() };
    for chunk in chunks {
        match find(chunk, rest) {
            Some(after) => rest = after,
            None => return false,
        }
    }
    ends_with(last, rest)
}

/// What follows `chunk` at the beginning of `text`.
fn strip<'t>(chunk: &[Piece<'_>], text: &'t str) -> Option<&'t str> {
    let mut rest = text;
    for piece in chunk {
        rest = match piece {
            Piece::Literal(literal) => rest.strip_prefix(literal)?,
            Piece::One => {
                let mut chars = rest.chars();
                chars.next()?;
                chars.as_str()
            }
            Piece::Star => rest,
        };
    }
    Some(rest)
}

/// What follows the first place in `text` at which `chunk` is found.
fn find<'t>(chunk: &[Piece<'_>], text: &'t str) -> Option<&'t str> {
    match chunk {
        [] => Some(text),
        [Piece::Literal(literal)] => {
            let at = text.find(literal)?;
            text.get(at + literal.len()..)
        }
        _ => {
            let starts = text.char_indices().map(|(at, _)| at).chain([text.len()]);
            starts.filter_map(|at| text.get(at..)).find_map(|candidate| strip(chunk, candidate))
        }
    }
}

/// Whether `text` ends with `chunk`.
fn ends_with(chunk: &[Piece<'_>], text: &str) -> bool {
    let mut rest = text;
    for piece in chunk.iter().rev() {
        let shorter = match piece {
            Piece::Literal(literal) => rest.strip_suffix(literal),
            Piece::One => {
                let mut chars = rest.chars();
                chars.next_back().map(|_| chars.as_str())
            }
            Piece::Star => Some(rest),
        };
        match shorter {
            Some(shorter) => rest = shorter,
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests;
