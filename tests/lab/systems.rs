//! The lab's BottleCRM, Request Tracker and Ghost, each through its own API.

use reqwest::Method;
use serde_json::{Value as Json, json};
use std::time::{SystemTime, UNIX_EPOCH};

/// The label by which nayose holds a member.
pub const HOLD: &str = "nayose-hold";

/// One system as the environment names it: `NAYOSE_LAB_BOTTLECRM` and so on = "URL TOKEN".
#[derive(Clone)]
pub struct System {
    pub url: String,
    pub token: String,
    scheme: Scheme,
    http: reqwest::Client,
}

#[derive(Clone, Copy)]
enum Scheme {
    Bearer,
    Token,
    SignedKey,
}

/// All three.
#[derive(Clone)]
pub struct Trio {
    pub crm: System,
    pub rt: System,
    pub ghost: System,
}

impl Trio {
    /// `None`, and a word about it, unless all three are there.
    pub fn of_the_lab() -> Option<Trio> {
        Some(Trio {
            crm: System::named("BOTTLECRM", Scheme::Bearer)?,
            rt: System::named("RT", Scheme::Token)?,
            ghost: System::named("GHOST", Scheme::SignedKey)?,
        })
    }
}

impl System {
    /// BottleCRM by itself.
    pub fn crm() -> Option<System> {
        System::named("BOTTLECRM", Scheme::Bearer)
    }

    fn named(name: &str, scheme: Scheme) -> Option<System> {
        let variable = format!("NAYOSE_LAB_{name}");
        let told = std::env::var(&variable).ok();
        let Some((url, token)) = told.as_deref().and_then(|t| t.trim().split_once(' ')) else {
            println!("skipped: no lab ({variable} is not set)");
            return None;
        };
        // A new connection for each request: the servers close idle ones after some seconds, and a test waits longer than that.
        let http = reqwest::Client::builder().pool_max_idle_per_host(0).build().unwrap();
        Some(System { url: url.to_string(), token: token.trim().to_string(), scheme, http })
    }

    /// Where it listens, as `host:port`.
    pub fn address(&self) -> &str {
        let rest = self.url.split_once("://").map_or(&*self.url, |(_, rest)| rest);
        rest.split('/').next().unwrap()
    }

    /// The URL with another `host:port`.
    pub fn url_by(&self, address: &str) -> String {
        self.url.replacen(self.address(), address, 1)
    }

    /// One request; the answer must be a success.
    pub async fn call(&self, method: Method, path: &str, body: Option<Json>) -> Json {
        let (status, text) = self.send(method, path, body).await;
        assert!((200..300).contains(&status), "{path}: {status} {text}");
        serde_json::from_str(&text).unwrap_or(Json::Null)
    }

    /// One request, whatever comes of it.
    pub async fn send(&self, method: Method, path: &str, body: Option<Json>) -> (u16, String) {
        let authorization = match self.scheme {
            Scheme::Bearer => format!("Bearer {}", self.token),
            Scheme::Token => format!("token {}", self.token),
            Scheme::SignedKey => format!("Ghost {}", self.signed()),
        };
        let mut request = self.http.request(method, format!("{}{path}", self.url)).header("Authorization", authorization);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    #[allow(clippy::disallowed_methods, reason = "Ghost looks at the wall clock")]
    fn signed(&self) -> String {
        use jsonwebtoken::{EncodingKey, Header, encode};
        let (id, secret) = self.token.split_once(':').unwrap();
        let secret: Vec<u8> = (0..secret.len()).step_by(2).map(|i| u8::from_str_radix(&secret[i..i + 2], 16).unwrap()).collect();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let header = Header { kid: Some(id.to_string()), ..Header::default() };
        encode(&header, &json!({"iat": now, "exp": now + 200, "aud": "/admin/"}), &EncodingKey::from_secret(&secret)).unwrap()
    }
}

// --- Ghost --------------------------------------------------------------------------------------------------------------------

/// A member as Ghost shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct Member {
    pub email: String,
    pub labels: Vec<String>,
    pub newsletters: usize,
    pub subscribed: bool,
}

impl Member {
    fn of(shown: &Json) -> Member {
        let names = shown["labels"].as_array().into_iter().flatten();
        let mut labels: Vec<String> = names.map(|l| l["name"].as_str().unwrap().to_string()).collect();
        labels.sort();
        Member {
            email: shown["email"].as_str().unwrap().to_string(),
            labels,
            newsletters: shown["newsletters"].as_array().map_or(0, Vec::len),
            subscribed: shown["subscribed"].as_bool().unwrap(),
        }
    }

    pub fn is_held(&self) -> bool {
        self.labels.iter().any(|l| l == HOLD)
    }

    /// The labels that are not nayose's hold.
    pub fn other_labels(&self) -> Vec<&str> {
        self.labels.iter().map(String::as_str).filter(|l| *l != HOLD).collect()
    }
}

impl Trio {
    pub async fn member(&self, id: &str) -> Member {
        let shown = self.ghost.call(Method::GET, &format!("/members/{id}/"), None).await;
        Member::of(&shown["members"][0])
    }

    /// Every member, by e-mail address.
    pub async fn members(&self) -> Vec<Member> {
        self.member_rows().await.iter().map(Member::of).collect()
    }

    /// The same as Ghost shows them.
    pub async fn member_rows(&self) -> Vec<Json> {
        let mut all = Vec::new();
        for page in 1.. {
            let shown = self.ghost.call(Method::GET, &format!("/members/?limit=100&order=email%20asc&page={page}"), None).await;
            all.extend(shown["members"].as_array().unwrap().iter().cloned());
            if shown["meta"]["pagination"]["next"].is_null() {
                break;
            }
        }
        all
    }

    pub async fn is_held(&self, id: &str) -> bool {
        self.member(id).await.is_held()
    }

    /// As a person does it in the portal, or an operator in the member's page.
    pub async fn unsubscribe(&self, id: &str) {
        self.ghost.call(Method::PUT, &format!("/members/{id}/"), Some(json!({"members": [{"newsletters": []}]}))).await;
    }

    /// As an operator does it from a filtered list: no timestamp moves.
    pub async fn unsubscribe_in_bulk(&self, email: &str) {
        let body = json!({"bulk": {"action": "unsubscribe", "meta": {}}});
        let done = self.ghost.call(Method::PUT, &format!("/members/bulk/?filter=email:%27{email}%27"), Some(body)).await;
        assert_eq!(done["bulk"]["meta"]["stats"]["successful"], 1, "{done}");
    }

    // --- BottleCRM ------------------------------------------------------------------------------------------------------------

    pub async fn set_stage(&self, deal: &str, stage: &str) {
        self.crm.call(Method::PATCH, &format!("/opportunities/{deal}/"), Some(json!({"stage": stage}))).await;
    }

    pub async fn delete_deal(&self, deal: &str) {
        self.crm.call(Method::DELETE, &format!("/opportunities/{deal}/"), None).await;
    }

    // --- Request Tracker ------------------------------------------------------------------------------------------------------

    pub async fn resolve(&self, ticket: &str) {
        let said = self.rt.call(Method::PUT, &format!("/ticket/{ticket}"), Some(json!({"Status": "resolved"}))).await;
        assert!(said[0].as_str().is_some_and(|s| s.contains("changed")), "{said}");
    }
}
