//! Rust names for the models' names.

/// `AWSAccountId` → `aws_account_id`, `VPCs` → `vpcs`; a keyword becomes a raw identifier.
pub(crate) fn field(name: &str) -> String {
    let snake = words(name).iter().map(|word| word.to_lowercase()).collect::<Vec<_>>().join("_");
    match snake.as_str() {
        "type" | "match" | "use" | "move" | "ref" | "where" => format!("r#{snake}"),
        _ => snake,
    }
}

/// `NoSuchEntity` → `NO_SUCH_ENTITY`.
pub(crate) fn constant(name: &str) -> String {
    words(name).iter().map(|word| word.to_uppercase()).collect::<Vec<_>>().join("_")
}

/// `statusType` → `StatusType`.
pub(crate) fn type_name(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(chars).collect()
}

/// `ECC_NIST_P256` → `EccNistP256`, `us-east-1` → `UsEast1`, `PendingDeletion` stays.
pub(crate) fn variant(value: &str) -> String {
    let pieces = value.split(|c: char| !c.is_ascii_alphanumeric()).filter(|piece| !piece.is_empty());
    let name: String = pieces.map(capitalised).collect();
    match name.as_str() {
        "Self" => "SelfOwned".to_owned(),
        _ if name.starts_with(|c: char| c.is_ascii_digit()) => format!("V{name}"),
        _ => name,
    }
}

fn capitalised(piece: &str) -> String {
    let shouted = !piece.contains(|c: char| c.is_ascii_lowercase());
    let rest = if shouted { piece[1..].to_ascii_lowercase() } else { piece[1..].to_owned() };
    format!("{}{rest}", piece[..1].to_ascii_uppercase())
}

/// The words of a camel-case name. A plural `s` stays with the abbreviation before it.
fn words(name: &str) -> Vec<String> {
    let chars: Vec<char> = name.chars().collect();
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    for (index, c) in chars.iter().copied().enumerate() {
        if !c.is_ascii_alphanumeric() {
            words.extend((!word.is_empty()).then(|| std::mem::take(&mut word)));
        } else {
            if begins_word(&chars, index) && !word.is_empty() {
                words.push(std::mem::take(&mut word));
            }
            word.push(c);
        }
    }
    words.extend((!word.is_empty()).then_some(word));
    words
}

fn begins_word(chars: &[char], index: usize) -> bool {
    let at = |index: usize| chars.get(index).copied().unwrap_or('_');
    if index == 0 || !at(index).is_ascii_uppercase() {
        return false;
    }
    let plural_follows = at(index + 1) == 's' && !at(index + 2).is_ascii_lowercase();
    !at(index - 1).is_ascii_uppercase() || (at(index + 1).is_ascii_lowercase() && !plural_follows)
}
