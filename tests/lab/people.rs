//! Throw-away people: made for one test in all the systems that it needs, and taken away after it.

use super::systems::Trio;
use super::turn;
use futures::{FutureExt, StreamExt};
use reqwest::Method;
use serde_json::{Value as Json, json};
use std::panic::AssertUnwindSafe;
use std::sync::{Mutex, PoisonError};

/// Requests at once where many people come or go: more would only wait in the systems.
pub const AT_ONCE: usize = 4;

/// Somebody with a contact in BottleCRM and a member in Ghost.
#[derive(Debug, Clone)]
pub struct Person {
    pub email: String,
    pub contact: String,
    pub member: String,
}

fn email(who: &str) -> String {
    format!("lab-{}-{who}@example.test", std::process::id())
}

/// An object with the entries of another.
fn with(mut object: Json, more: Json) -> Json {
    let (all, Json::Object(more)) = (object.as_object_mut().unwrap(), more) else { panic!("no object: {object}") };
    all.extend(more);
    object
}

/// Makes people, deals and tickets, and remembers what to take away.
pub struct Guests {
    trio: Trio,
    made: Mutex<Vec<Made>>,
}

#[derive(Debug)]
enum Made {
    Contact(String),
    Account(String),
    Deal(String),
    Member(String),
    Ticket(String),
    /// By address: RT makes a user of a ticket's requester by itself.
    User(String),
    CustomField(String),
}

impl Guests {
    pub fn new(trio: Trio) -> Guests {
        Guests { trio, made: Mutex::default() }
    }

    fn note(&self, made: Made) {
        self.made.lock().unwrap_or_else(PoisonError::into_inner).push(made);
    }

    /// `who` tells this person from the others of the run.
    pub async fn person(&self, who: &str) -> Person {
        self.person_with(who, json!({}), json!({})).await
    }

    /// The same with more in the contact and in the member.
    pub async fn person_with(&self, who: &str, in_crm: Json, in_ghost: Json) -> Person {
        let email = email(who);
        let contact = self.contact(who, in_crm).await;
        let member = json!({"members": [with(json!({"email": email, "name": format!("Lab {who}")}), in_ghost)]});
        let made = self.trio.ghost.call(Method::POST, "/members/", Some(member)).await;
        let member = made["members"][0]["id"].as_str().unwrap().to_string();
        self.note(Made::Member(member.clone()));
        assert!(made["members"][0]["subscribed"].as_bool().unwrap(), "a new member gets the newsletter: {made}");
        Person { email, contact, member }
    }

    /// Makes a contact in BottleCRM; its id.
    pub async fn contact(&self, who: &str, more: Json) -> String {
        let contact = with(json!({"first_name": "Lab", "last_name": who, "email": email(who)}), more);
        let contact = self.trio.crm.call(Method::POST, "/contacts/", Some(contact)).await["id"].as_str().unwrap().to_string();
        self.note(Made::Contact(contact.clone()));
        contact
    }

    /// Makes a company in BottleCRM; its id.
    pub async fn account(&self, who: &str, more: Json) -> String {
        let account = with(json!({"name": format!("Lab {} {who}", std::process::id())}), more);
        let account = self.trio.crm.call(Method::POST, "/accounts/", Some(account)).await["id"].as_str().unwrap().to_string();
        self.note(Made::Account(account.clone()));
        account
    }

    /// A custom field of contacts in BottleCRM, which takes none away for good: it is switched on again where it was there before.
    pub async fn custom_field(&self, key: &str, more: Json) {
        let field = with(json!({"target_model": "Contact", "key": key, "is_active": true}), more);
        let known = self.trio.crm.call(Method::GET, "/custom-fields/", None).await;
        let known = known["definitions"].as_array().unwrap().iter().find(|d| d["target_model"] == "Contact" && d["key"] == key);
        let (method, path) = match known {
            Some(known) => (Method::PUT, format!("/custom-fields/{}/", known["id"].as_str().unwrap())),
            None => (Method::POST, "/custom-fields/".to_string()),
        };
        let made = self.trio.crm.call(method, &path, Some(field)).await;
        self.note(Made::CustomField(made["id"].as_str().unwrap().to_string()));
    }

    /// Makes a user in RT with these custom fields; its login name.
    pub async fn user(&self, who: &str, custom: Json) -> String {
        let email = email(who);
        let user = json!({"Name": email, "EmailAddress": email, "CustomFields": custom});
        self.note(Made::User(email.clone()));
        self.trio.rt.call(Method::POST, "/user", Some(user)).await;
        email
    }

    /// Opens a deal with these people.
    pub async fn deal(&self, with: &[&Person]) -> String {
        let contacts: Vec<&str> = with.iter().map(|p| p.contact.as_str()).collect();
        let deal = json!({
            "name": format!("Lab {} {}", std::process::id(), with[0].email),
            "stage": "PROSPECTING", "amount": "10", "currency": "EUR", "probability": 20, "closed_on": "2030-12-31", "contacts": contacts,
        });
        let deal = self.trio.crm.call(Method::POST, "/opportunities/", Some(deal)).await["id"].as_str().unwrap().to_string();
        self.note(Made::Deal(deal.clone()));
        deal
    }

    /// Opens an urgent ticket that comes from this person's address.
    pub async fn urgent_ticket(&self, from: &Person) -> String {
        let ticket = json!({"Queue": "Support", "Subject": "Lab: on fire", "Requestor": from.email, "Priority": 100, "Status": "open", "Content": "Help."});
        self.note(Made::User(from.email.clone()));
        let ticket = self.trio.rt.call(Method::POST, "/ticket", Some(ticket)).await["id"].as_str().unwrap().to_string();
        self.note(Made::Ticket(ticket.clone()));
        ticket
    }

    /// Takes all of them away, as far as the systems can: RT only disables a user.
    pub async fn leave(&self) {
        let made = std::mem::take(&mut *self.made.lock().unwrap_or_else(PoisonError::into_inner));
        let gone = made.iter().rev().map(async |made| {
            let (system, path) = match made {
                Made::Contact(id) => (&self.trio.crm, format!("/contacts/{id}/")),
                Made::Account(id) => (&self.trio.crm, format!("/accounts/{id}/")),
                Made::Deal(id) => (&self.trio.crm, format!("/opportunities/{id}/")),
                Made::Member(id) => (&self.trio.ghost, format!("/members/{id}/")),
                Made::Ticket(id) => (&self.trio.rt, format!("/ticket/{id}")),
                Made::User(email) => (&self.trio.rt, format!("/user/{email}")),
                Made::CustomField(id) => (&self.trio.crm, format!("/custom-fields/{id}/")),
            };
            let (status, said) = system.send(Method::DELETE, &path, None).await;
            // A deal that the test itself deleted is not there any more.
            if !(200..300).contains(&status) && status != 404 {
                println!("left behind: {made:?}: {status} {said}");
            }
        });
        futures::stream::iter(gone).buffer_unordered(AT_ONCE).collect::<()>().await;
    }
}

/// Plays a test with the lab, if there is one, and takes its people away whatever comes of it.
pub async fn with_the_lab(test: impl AsyncFnOnce(&Trio, &Guests)) {
    let Some(trio) = Trio::of_the_lab() else { return };
    let _turn = turn::alone().await;
    let guests = Guests::new(trio.clone());
    let ended = AssertUnwindSafe(test(&trio, &guests)).catch_unwind().await;
    guests.leave().await;
    if let Err(panic) = ended {
        std::panic::resume_unwind(panic);
    }
}
