//! The shapes of what the owner's door takes and gives, read from the source of the verbs as JSON Schema.
//!
//! It knows the few forms of Rust and serde that verbs are written in, and fails loudly at any other.

use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::path::Path;

/// Every struct and enum of some source, and those of them that were asked for.
pub(super) struct Shapes {
    known: BTreeMap<String, Shape>,
    named: Map<String, Value>,
}

/// One struct or enum as it stands in the source.
struct Shape {
    says: String,
    transparent: bool,
    /// The type in whose place it stands: that one is written.
    written: Option<String>,
    rename: Option<String>,
    default: bool,
    variants: Option<Vec<String>>,
    members: Vec<Member>,
}

struct Member {
    name: String,
    says: String,
    kind: String,
    flatten: bool,
    optional: bool,
}

impl Shapes {
    /// Reads the modules of the node whose values cross the door.
    pub(super) fn read(folder: &Path) -> Self {
        let mut known = BTreeMap::new();
        for module in ["problem", "config"] {
            let text = std::fs::read_to_string(folder.join(format!("{module}.rs"))).unwrap();
            collect(&format!("countersign_node::{module}"), &text, &mut known);
        }
        let trust = std::fs::read_to_string(folder.join("config/trust.rs")).unwrap();
        collect("countersign_node::config", &trust, &mut known);
        for entry in std::fs::read_dir(folder.join("verb")).unwrap() {
            let path = entry.unwrap().path();
            let module = path.file_stem().unwrap().to_str().unwrap();
            let text = std::fs::read_to_string(&path).unwrap();
            collect(&format!("countersign_node::verb::{module}"), &text, &mut known);
        }
        Self { known, named: Map::new() }
    }

    /// Gives the first sentence that stands above a type.
    pub(super) fn says(&self, path: &str) -> String {
        let says = &self.known.get(path).unwrap_or_else(|| panic!("{path} was not found")).says;
        says.split(". ").next().unwrap_or_default().trim_end_matches('.').to_owned()
    }

    /// Gives all that were referred to.
    pub(super) fn named(self) -> Map<String, Value> {
        self.named
    }

    /// Gives a reference to the schema of a type.
    pub(super) fn schema_of(&mut self, path: &str) -> Value {
        let name = short(path);
        if !self.named.contains_key(&name) {
            // A type that holds itself finds its name here.
            self.named.insert(name.clone(), Value::Null);
            let schema = self.schema(path);
            self.named.insert(name.clone(), schema);
        }
        json!({ "$ref": format!("#/components/schemas/{name}") })
    }

    fn schema(&mut self, path: &str) -> Value {
        if path.ends_with("presenting::PolicyRef") {
            return policy_ref();
        }
        let module = path.rsplit_once("::").unwrap().0.to_owned();
        let found = self.known.get(path).unwrap_or_else(|| panic!("{path} was not found"));
        if let Some(written) = &found.written {
            let (says, written) = (found.says.clone(), format!("{module}::{written}"));
            let mut schema = self.schema(&written);
            schema["description"] = json!(says);
            return schema;
        }
        let Shape { says, transparent, written, rename, default, variants, members } =
            self.known.remove(path).unwrap();
        let schema = if let Some(variants) = &variants {
            let words: Vec<String> =
                variants.iter().map(|word| spelled(word, rename.as_deref())).collect();
            json!({ "type": "string", "enum": words, "description": says })
        } else if transparent {
            let mut schema = self.kind(&module, &members[0].kind);
            schema["description"] = json!(says);
            schema
        } else {
            self.object(&module, &says, default, &members)
        };
        let shape = Shape { says, transparent, written, rename, default, variants, members };
        self.known.insert(path.to_owned(), shape);
        schema
    }

    fn object(&mut self, module: &str, says: &str, default: bool, members: &[Member]) -> Value {
        let (mut properties, mut required) = (Map::new(), Vec::new());
        let mut more = Value::Null;
        for member in members {
            if member.flatten {
                more = json!(true);
                continue;
            }
            let mut schema = self.kind(module, &member.kind);
            schema["description"] = json!(member.says);
            properties.insert(member.name.clone(), schema);
            if !(default || member.optional || member.kind.starts_with("Option<")) {
                required.push(member.name.clone());
            }
        }
        let mut schema = json!({ "type": "object", "description": says, "properties": properties });
        if !required.is_empty() {
            schema["required"] = json!(required);
        }
        if !more.is_null() {
            schema["additionalProperties"] = more;
        }
        schema
    }

    /// Gives the schema of a type as it is written inside `module`.
    fn kind(&mut self, module: &str, kind: &str) -> Value {
        let inside = |name: &str| {
            kind.strip_prefix(name)?.strip_prefix('<')?.strip_suffix('>').map(str::to_owned)
        };
        if let Some(inner) = inside("Option") {
            return self.kind(module, &inner);
        }
        if let Some(inner) = inside("Vec").or_else(|| inside("BTreeSet")) {
            return json!({ "type": "array", "items": self.kind(module, &inner) });
        }
        if kind == "Map<String, Value>" || kind == "serde_json::Map<String, Value>" {
            return json!({ "type": "object" });
        }
        if let Some(inner) =
            kind.strip_prefix("BTreeMap<String, ").and_then(|k| k.strip_suffix('>'))
        {
            return json!({ "type": "object", "additionalProperties": self.kind(module, inner) });
        }
        if let Some(inner) = kind.strip_prefix('(').and_then(|kind| kind.strip_suffix(')')) {
            let items: Vec<Value> = inner.split(", ").map(|one| self.kind(module, one)).collect();
            let length = items.len();
            return json!({
                "type": "array", "prefixItems": items, "minItems": length, "maxItems": length,
            });
        }
        match kind {
            "String" | "PathBuf" | "SocketAddr" | "Did" | "PublicKey" => {
                json!({ "type": "string" })
            }
            "Passphrase" | "Words" => json!({ "type": "string", "format": "password" }),
            "bool" => json!({ "type": "boolean" }),
            "u16" | "u32" | "u64" | "usize" => json!({ "type": "integer", "minimum": 0 }),
            "Value" => json!({}),
            other => {
                let path = match other.strip_prefix("super::") {
                    Some(rest) => format!("{}::{rest}", module.rsplit_once("::").unwrap().0),
                    None => format!("{module}::{other}"),
                };
                self.schema_of(&path)
            }
        }
    }
}

/// How `PolicyRef` is spelled stands in its conversions, and a test beside it holds all three.
fn policy_ref() -> Value {
    let text = |says: &str| json!({ "type": "string", "description": says });
    json!({
        "description": "Names a policy or brings one along",
        "oneOf": [
            text("The name of a policy in the policies folder of the node"),
            {
                "type": "object",
                "properties": { "name": text("The same") },
                "required": ["name"],
            },
            {
                "type": "object",
                "properties": { "file": {
                    "type": "object",
                    "properties": {
                        "text": text("A policy file"),
                        "name": text("Which of its policies, if it has several"),
                    },
                    "required": ["text"],
                } },
                "required": ["file"],
            },
        ],
    })
}

/// Names a type so that two of one name in different modules are told apart.
fn short(path: &str) -> String {
    let mut parts = path.rsplit("::");
    let (name, module) = (parts.next().unwrap(), parts.next().unwrap());
    if module.eq_ignore_ascii_case(name) {
        return name.to_owned();
    }
    let (first, rest) = module.split_at(1);
    format!("{}{rest}.{name}", first.to_uppercase())
}

fn spelled(word: &str, rename: Option<&str>) -> String {
    let mut text = String::new();
    for letter in word.chars() {
        if letter.is_uppercase() && !text.is_empty() && rename == Some("kebab-case") {
            text.push('-');
        }
        text.extend(letter.to_lowercase());
    }
    if rename.is_some() { text } else { word.to_owned() }
}

/// Reads every struct and enum with named members out of one module.
fn collect(module: &str, source: &str, known: &mut BTreeMap<String, Shape>) {
    let (mut says, mut attributes) = (String::new(), String::new());
    let mut lines = source.lines();
    while let Some(line) = lines.next() {
        if let Some(text) = line.strip_prefix("/// ") {
            says = format!("{says} {text}").trim().to_owned();
        } else if line.starts_with("#[") {
            attributes.push_str(line);
        } else {
            let open = line.strip_suffix(" {").or_else(|| line.strip_suffix(" {}"));
            let thing = open.map(|line| line.strip_prefix("pub ").unwrap_or(line));
            if let Some((word @ ("struct" | "enum"), name)) =
                thing.and_then(|thing| thing.split_once(' '))
            {
                let body: Vec<&str> = if line.ends_with("{}") {
                    Vec::new()
                } else {
                    lines.by_ref().take_while(|line| *line != "}").collect()
                };
                let shape = shape(word == "enum", &says, &attributes, &body);
                known.insert(format!("{module}::{name}"), shape);
            }
            says.clear();
            attributes.clear();
        }
    }
}

fn shape(is_enum: bool, says: &str, attributes: &str, body: &[&str]) -> Shape {
    let members = members(body);
    let variants = is_enum.then(|| {
        let names = body.iter().map(|line| line.trim());
        let names = names.filter(|line| line.starts_with(|c: char| c.is_ascii_uppercase()));
        names.map(|line| line.trim_end_matches(',').to_owned()).collect()
    });
    Shape {
        says: says.to_owned(),
        transparent: attributes.contains("serde(transparent)"),
        written: quoted(attributes, "into = "),
        rename: quoted(attributes, "rename_all = "),
        default: attributes.contains("#[serde(default"),
        variants,
        members,
    }
}

fn members(body: &[&str]) -> Vec<Member> {
    let (mut members, mut says, mut attributes) = (Vec::new(), String::new(), String::new());
    for line in body.iter().map(|line| line.trim()) {
        if let Some(text) = line.strip_prefix("/// ") {
            says = format!("{says} {text}").trim().to_owned();
        } else if line.starts_with("#[") {
            attributes.push_str(line);
        } else {
            let line = line.strip_prefix("pub ").unwrap_or(line);
            if let Some((name, kind)) = line.split_once(": ") {
                members.push(Member {
                    name: quoted(&attributes, "rename = ").unwrap_or_else(|| name.to_owned()),
                    says: says.clone(),
                    kind: kind.trim_end_matches(',').to_owned(),
                    flatten: attributes.contains("flatten"),
                    optional: attributes.contains("default"),
                });
            }
            says.clear();
            attributes.clear();
        }
    }
    members
}

/// Gives what stands in quotes behind a word.
fn quoted(text: &str, word: &str) -> Option<String> {
    let (_, rest) = text.split_once(word)?;
    rest.strip_prefix('"')?.split('"').next().map(str::to_owned)
}
