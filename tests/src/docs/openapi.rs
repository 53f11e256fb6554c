//! Makes `docs/openapi.json` from the verbs: their addresses and scopes from the code that runs, the shapes of questions
//! and answers from what stands in their source.

use super::blessed;
use super::cli::{Row, verbs};
use super::shapes::Shapes;
use crate::tidy::root;
use serde_json::{Map, Value, json};

#[test]
fn the_description_of_the_door_is_what_the_code_says() {
    let mut shapes = Shapes::read(&root().join("node/src"));
    let mut paths = Map::new();
    for row in verbs() {
        paths.insert(row.path.to_owned(), json!({ "post": verb(&row, &mut shapes) }));
    }
    paths.insert("/v1/events".to_owned(), json!({ "get": events() }));
    for (path, needed, summary) in [
        ("/metrics", Some("metrics"), "What a Prometheus server reads"),
        ("/live", None, "Whether the process answers"),
        ("/door", None, "Proves to who reads the file `door` that this node wrote it"),
        ("/ready", None, "Whether the node has peers to ask; 503 if not"),
    ] {
        paths.insert(path.to_owned(), json!({ "get": plain(needed, summary) }));
    }
    let problem = shapes.schema_of("countersign_node::problem::Problem");
    let page = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "The owner's door of a Countersign node",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Every verb is a POST with a JSON body. A test makes this file from the code.",
        },
        "servers": [{
            "url": "http://127.0.0.1:7370",
            "description": "The default; the first line of the file `door` of the data folder says which is in use",
        }],
        "paths": paths,
        "components": {
            "securitySchemes": { "token": {
                "type": "http",
                "scheme": "bearer",
                "description": "`countersign token new --scope SCOPE` makes one; `owner` opens everything. Without one that is known the answer is 401, with one for something else 403",
            } },
            "responses": { "Problem": {
                "description": "What failed, why, and what to do (RFC 9457)",
                "content": { "application/problem+json": { "schema": problem } },
            } },
            "schemas": shapes.named(),
        },
    });
    blessed("docs/openapi.json", &format!("{page:#}\n"));
}

/// A description with a reference that leads nowhere is none.
#[test]
fn every_reference_of_the_description_leads_somewhere() {
    let text = std::fs::read_to_string(root().join("docs/openapi.json")).unwrap();
    let page: Value = serde_json::from_str(&text).unwrap();
    let mut open = vec![&page];
    let mut followed = 0;
    while let Some(value) = open.pop() {
        match value {
            Value::Object(members) => open.extend(members.values()),
            Value::Array(items) => open.extend(items),
            _ => {}
        }
        if let Some(target) = value.get("$ref").and_then(Value::as_str) {
            let place = target.strip_prefix('#').unwrap();
            assert!(page.pointer(place).is_some(), "{target} leads nowhere");
            followed += 1;
        }
    }
    assert!(followed > verbs().len(), "the description is empty");
}

fn verb(row: &Row, shapes: &mut Shapes) -> Value {
    let (question, answer) = (shapes.schema_of(row.question), shapes.schema_of(row.answer));
    json!({
        "summary": shapes.says(row.question),
        "operationId": row.path.trim_start_matches("/v1/").replace('/', "-"),
        "description": format!("As the command {}. Needs the scope `{}`.", row.command, row.scope),
        "security": [{ "token": [row.scope] }],
        "requestBody": {
            "required": true,
            "content": { "application/json": { "schema": question } },
        },
        "responses": {
            "200": {
                "description": shapes.says(row.answer),
                "content": { "application/json": { "schema": answer } },
            },
            "default": { "$ref": "#/components/responses/Problem" },
        },
    })
}

fn events() -> Value {
    json!({
        "summary": "What happens, as server-sent events",
        "security": [{ "token": ["watch"] }],
        "parameters": [{
            "name": "Last-Event-ID",
            "in": "header",
            "description": "Continue behind the event of this number",
            "schema": { "type": "integer", "minimum": 0 },
        }],
        "responses": {
            "200": {
                "description": "A stream without end; each event is JSON with `event` and `at`; `missed` names the numbers of those that are gone",
                "content": { "text/event-stream": { "schema": { "type": "string" } } },
            },
            "default": { "$ref": "#/components/responses/Problem" },
        },
    })
}

fn plain(needed: Option<&str>, summary: &str) -> Value {
    let security = needed.map_or_else(|| json!([]), |scope| json!([{ "token": [scope] }]));
    json!({
        "summary": summary,
        "security": security,
        "responses": {
            "200": {
                "description": summary,
                "content": { "text/plain": { "schema": { "type": "string" } } },
            },
            "default": { "$ref": "#/components/responses/Problem" },
        },
    })
}
