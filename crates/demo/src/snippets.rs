//! The code for each step, to be copied: the call as it was made, in four ways to write it, and how to verify a message.
//! Secrets are variables of the environment; what is told apart by a random name is drawn anew by each run.

use crate::plan::Drawn;
use crate::pretty;
use crate::story::{Arrived, Checked, Content, Opens, Request, Verdict};

/// A piece of code.
pub(crate) struct Code {
    /// The language.
    pub(crate) name: &'static str,
    pub(crate) text: String,
}

/// The call in every language.
pub(crate) fn call(request: &Request, base: &str) -> Vec<Code> {
    let url = format!("{base}{}", request.target);
    vec![
        Code { name: "curl", text: curl(request, &url) },
        Code { name: "Node", text: node(request, &url) },
        Code { name: "PHP", text: php(request, &url) },
        Code { name: "Python", text: python(request, &url) },
    ]
}

/// What must be set before, and where it is found.
pub(crate) fn before(request: &Request) -> Option<&'static str> {
    match &request.opens_with {
        Opens::Public => None,
        Opens::Key(_) => Some("TOLLGATE_SECRET_KEY is purchases.secret_key of sandbox.json."),
        Opens::Client { .. } if request.target == "/oauth/token" => {
            Some("TOLLGATE_CLIENT_ID and TOLLGATE_CLIENT_SECRET are in sandbox.json, below orchestration.")
        }
        Opens::Client { .. } => {
            Some("TOLLGATE_CLIENT_ID and TOLLGATE_CLIENT_SECRET are in sandbox.json, below card_payments.")
        }
        Opens::Token(_) => Some("TOLLGATE_TOKEN is the access_token of “Get a token”."),
    }
}

fn curl(request: &Request, url: &str) -> String {
    let mut lines = vec![format!("curl -s -X {} '{url}'", request.method)];
    match &request.opens_with {
        Opens::Public => {}
        Opens::Key(_) => lines.push("-H \"Authorization: Bearer $TOLLGATE_SECRET_KEY\"".to_owned()),
        Opens::Client { .. } => lines.push("-u \"$TOLLGATE_CLIENT_ID:$TOLLGATE_CLIENT_SECRET\"".to_owned()),
        Opens::Token(_) => lines.push("-H \"Authorization: Bearer $TOLLGATE_TOKEN\"".to_owned()),
    }
    if let Some(once) = &request.once {
        lines.push(format!("-H \"{}: $(uuidgen)\"", once.header));
    }
    match &request.content {
        Content::Nothing => {}
        Content::Json(_) => {
            lines.push("-H 'Content-Type: application/json'".to_owned());
            lines.push(format!("-d '{}'", body(request).replace('\'', r"'\''")));
        }
        Content::Form(form) => lines.push(format!("-d '{form}'")),
    }
    lines.join(" \\\n  ")
}

fn node(request: &Request, url: &str) -> String {
    let mut headers = vec![];
    match &request.opens_with {
        Opens::Public => {}
        Opens::Key(_) => headers.push("authorization: `Bearer ${process.env.TOLLGATE_SECRET_KEY}`".to_owned()),
        Opens::Client { .. } => headers.push("authorization: `Basic ${btoa(client)}`".to_owned()),
        Opens::Token(_) => headers.push("authorization: `Bearer ${process.env.TOLLGATE_TOKEN}`".to_owned()),
    }
    headers.extend(request.once.as_ref().map(|once| format!("\"{}\": crypto.randomUUID()", once.header)));
    headers.extend(request.content.kind().map(|kind| format!("\"content-type\": \"{kind}\"")));
    let mut text = String::new();
    if matches!(request.opens_with, Opens::Client { .. }) {
        text.push_str("const client = `${process.env.TOLLGATE_CLIENT_ID}:${process.env.TOLLGATE_CLIENT_SECRET}`;\n");
    }
    text.push_str(&format!("const response = await fetch(\"{url}\", {{\n  method: \"{}\",\n", request.method));
    let headers: String = headers.iter().map(|header| format!("    {header},\n")).collect();
    text.push_str(&format!("  headers: {{\n{headers}  }},\n"));
    match &request.content {
        Content::Nothing => {}
        Content::Json(_) => {
            text.push_str(&format!("  body: JSON.stringify({}),\n", body(request).replace('\n', "\n  ")));
        }
        Content::Form(form) => text.push_str(&format!("  body: \"{form}\",\n")),
    }
    text.push_str("});\nconsole.log(response.status, await response.text());");
    text
}

fn php(request: &Request, url: &str) -> String {
    let mut headers = vec![];
    match &request.opens_with {
        Opens::Public | Opens::Client { .. } => {}
        Opens::Key(_) => headers.push("'Authorization: Bearer ' . getenv('TOLLGATE_SECRET_KEY')".to_owned()),
        Opens::Token(_) => headers.push("'Authorization: Bearer ' . getenv('TOLLGATE_TOKEN')".to_owned()),
    }
    if let Some(once) = &request.once {
        let id = "vsprintf('%s%s-%s-%s-%s-%s%s%s', str_split(bin2hex(random_bytes(16)), 4))";
        headers.push(format!("'{}: ' . {id}", once.header));
    }
    headers.extend(request.content.kind().map(|kind| format!("'Content-Type: {kind}'")));
    let headers: String = headers.iter().map(|header| format!("        {header},\n")).collect();
    let mut text = format!(
        "<?php\n$call = curl_init('{url}');\ncurl_setopt_array($call, [\n    CURLOPT_CUSTOMREQUEST => '{}',\n    \
         CURLOPT_RETURNTRANSFER => true,\n    CURLOPT_HTTPHEADER => [\n{headers}    ],\n",
        request.method
    );
    if matches!(request.opens_with, Opens::Client { .. }) {
        text.push_str(
            "    CURLOPT_USERPWD => getenv('TOLLGATE_CLIENT_ID') . ':' . getenv('TOLLGATE_CLIENT_SECRET'),\n",
        );
    }
    match &request.content {
        Content::Nothing => {}
        Content::Json(_) => {
            text.push_str(&format!("    CURLOPT_POSTFIELDS => <<<'JSON'\n{}\nJSON,\n", body(request)));
        }
        Content::Form(form) => text.push_str(&format!("    CURLOPT_POSTFIELDS => '{form}',\n")),
    }
    text.push_str("]);\necho curl_exec($call);");
    text
}

fn python(request: &Request, url: &str) -> String {
    let mut headers = vec![];
    let mut imports = vec!["import os"];
    match &request.opens_with {
        Opens::Public => {}
        Opens::Key(_) => {
            headers.push("\"Authorization\": \"Bearer \" + os.environ[\"TOLLGATE_SECRET_KEY\"]".to_owned());
        }
        Opens::Client { .. } => {
            imports.insert(0, "import base64");
            headers.push("\"Authorization\": \"Basic \" + base64.b64encode(client.encode()).decode()".to_owned());
        }
        Opens::Token(_) => headers.push("\"Authorization\": \"Bearer \" + os.environ[\"TOLLGATE_TOKEN\"]".to_owned()),
    }
    imports.push("import urllib.request");
    if let Some(once) = &request.once {
        imports.push("import uuid");
        headers.push(format!("\"{}\": str(uuid.uuid4())", once.header));
    }
    headers.extend(request.content.kind().map(|kind| format!("\"Content-Type\": \"{kind}\"")));
    let headers: String = headers.iter().map(|header| format!("        {header},\n")).collect();
    let mut text = format!("{}\n\n", imports.join("\n"));
    if matches!(request.opens_with, Opens::Client { .. }) {
        text.push_str("client = os.environ[\"TOLLGATE_CLIENT_ID\"] + \":\" + os.environ[\"TOLLGATE_CLIENT_SECRET\"]\n");
    }
    text.push_str(&format!(
        "request = urllib.request.Request(\n    \"{url}\",\n    method=\"{}\",\n    headers={{\n{headers}    }},\n",
        request.method
    ));
    match &request.content {
        Content::Nothing => {}
        Content::Json(_) => text.push_str(&format!("    data=r\"\"\"{}\"\"\".encode(),\n", body(request))),
        Content::Form(form) => text.push_str(&format!("    data=b\"{form}\",\n")),
    }
    text.push_str(
        ")\nwith urllib.request.urlopen(request) as response:\n    print(response.status, response.read().decode())",
    );
    text
}

fn body(request: &Request) -> String {
    pretty::json(&request.content.text())
}

/// What the shop's own page holds, so that its payer can pay at this address of the gateway.
pub(crate) fn page(drawn: Drawn, url: &str, base: &str) -> String {
    match drawn {
        Drawn::Form => format!(
            "<form method=\"post\" action=\"{url}\">\n  \
             <label>Card number <input name=\"card_number\" autocomplete=\"cc-number\" required></label>\n  \
             <label>Expires (MM/YY) <input name=\"expires\" autocomplete=\"cc-exp\" required></label>\n  \
             <label>Security code <input name=\"cvc\" autocomplete=\"cc-csc\" required></label>\n  \
             <label>Name on the card <input name=\"cardholder_name\" autocomplete=\"cc-name\" required></label>\n  \
             <button>Pay</button>\n\
             </form>"
        ),
        Drawn::Fields => format!(
            "<script src=\"{base}/embed/v1/tollgate.js\"></script>\n\
             <form id=\"checkout\">\n  <div id=\"card\"></div>\n  <button>Pay</button>\n</form>\n\
             <script>\n  const fields = Tollgate.fields({{ purchase: \"{url}\", mount: \"#card\", title: \"Card details\" }});\n  \
             document.querySelector(\"#checkout\").addEventListener(\"submit\", (event) => {{\n    \
             event.preventDefault();\n    fields.submit();\n  }});\n</script>"
        ),
        Drawn::Frame => format!("<iframe src=\"{url}\" title=\"Payment\" allow=\"payment\"></iframe>"),
    }
}

/// How a message is verified by hand; `body` is where its bytes can be had.
pub(crate) fn verification(arrived: &Arrived, base: &str, body: &str) -> Option<Code> {
    let Verdict::Verified(checked) = &arrived.verdict else { return None };
    Some(match checked {
        Checked::CompanyKey { signature } => {
            openssl(&format!("{base}/api/v1/public_key/"), "json.load(sys.stdin)", body, signature)
        }
        Checked::WebhookKey { webhook, signature } => {
            let key = "json.load(sys.stdin)[\"public_key\"]";
            openssl(&format!("{base}/api/v1/webhooks/{webhook}/"), key, body, signature)
        }
        Checked::Detached { jws, .. } => {
            let signed = format!(
                "const body = Buffer.from(await (await fetch(\"{body}\")).arrayBuffer());\n\
                 const [header, , signature] = \"{jws}\".split(\".\");\n\
                 const payload = body.toString(\"base64url\");\n"
            );
            jose(base, &signed)
        }
        Checked::Token { jws, .. } => {
            let signed = format!("const [header, payload, signature] = \"{jws}\".split(\".\");\n");
            jose(base, &signed)
        }
    })
}

fn openssl(key_url: &str, key: &str, body: &str, signature: &str) -> Code {
    let text = format!(
        "curl -s '{key_url}' -H \"Authorization: Bearer $TOLLGATE_SECRET_KEY\" \\\n  \
         | python3 -c 'import json, sys; print({key}, end=\"\")' > key.pem\n\
         curl -s '{body}' -o body.json\n\
         echo '{signature}' | base64 -d > signature\n\
         openssl dgst -sha256 -verify key.pem -signature signature body.json"
    );
    Code { name: "curl and openssl", text }
}

fn jose(base: &str, signed: &str) -> Code {
    let text = format!(
        "import {{ createPublicKey, verify }} from \"node:crypto\";\n\n\
         const {{ keys }} = await (await fetch(\"{base}/payment/v2/signing-jwks\")).json();\n\
         {signed}\
         const {{ kid }} = JSON.parse(Buffer.from(header, \"base64url\"));\n\
         const key = createPublicKey({{ key: keys.find((key) => key.kid === kid), format: \"jwk\" }});\n\
         const is_good = verify(\"sha256\", Buffer.from(`${{header}}.${{payload}}`), key, Buffer.from(signature, \"base64url\"));\n\
         console.log(is_good ? \"Verified OK\" : \"Not the gateway's\");"
    );
    Code { name: "Node (verify.mjs)", text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// A shell, PHP and Python read each of these texts as what it is; what runs is seen in a browser's test.
    #[test]
    fn quotes_in_a_body_end_no_text() {
        let content = Content::Json(json!({ "name": "Ada's \"best\"" }));
        let request = Request { content, ..Request::post(Opens::Public, "/api".to_owned()) };
        let codes = call(&request, "http://gateway.example");
        let text = |name: &str| &codes.iter().find(|code| code.name == name).expect(name).text;
        assert!(text("curl").contains(
            r#"-d '{
  "name": "Ada'\''s \"best\""
}'"#
        ));
        assert!(text("PHP").contains("<<<'JSON'\n{\n  \"name\": \"Ada's \\\"best\\\"\"\n}\nJSON,"));
        assert!(text("Python").contains("data=r\"\"\"{\n  \"name\": \"Ada's \\\"best\\\"\"\n}\"\"\".encode()"));
        for code in &codes {
            assert!(code.text.contains("http://gateway.example/api"), "{}", code.name);
        }
    }

    #[test]
    fn secrets_are_variables_and_names_of_operations_are_drawn_anew() {
        let once = Some(crate::story::Once { header: "x-idempotency-key", value: "same-every-time".to_owned() });
        for opens in [
            Opens::Key("sk_secret".to_owned()),
            Opens::Token("sk_secret".to_owned()),
            Opens::Client { id: "name".to_owned(), secret: "sk_secret".to_owned() },
        ] {
            let once = once.as_ref().map(|once| crate::story::Once { value: once.value.clone(), ..*once });
            let request = Request { once, ..Request::post(opens, "/api".to_owned()) };
            assert!(before(&request).is_some_and(|words| words.contains("TOLLGATE_")));
            for code in call(&request, "http://gateway.example") {
                let Code { name, text } = code;
                assert!(text.contains("TOLLGATE_") && text.contains("x-idempotency-key"), "{name}: {text}");
                assert!(!text.contains("sk_secret") && !text.contains("same-every-time"), "{name}: {text}");
            }
        }
    }
}
