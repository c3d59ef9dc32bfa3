//! Throw-away people: made for one test in all the systems that it needs, and taken away after it.

use super::systems::Trio;
use reqwest::Method;
use serde_json::json;
use std::sync::{Mutex, PoisonError};

/// Somebody with a contact in BottleCRM and a member in Ghost.
#[derive(Debug, Clone)]
pub struct Person {
    pub email: String,
    pub contact: String,
    pub member: String,
}

/// Makes people, deals and tickets, and remembers what to take away.
pub struct Guests {
    trio: Trio,
    made: Mutex<Vec<Made>>,
}

#[derive(Debug)]
enum Made {
    Contact(String),
    Deal(String),
    Member(String),
    Ticket(String),
    /// By address: RT makes a user of a ticket's requester by itself.
    User(String),
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
        let email = format!("lab-{}-{who}@example.test", std::process::id());
        let contact = json!({"first_name": "Lab", "last_name": who, "email": email});
        let contact = self.trio.crm.call(Method::POST, "/contacts/", Some(contact)).await["id"].as_str().unwrap().to_string();
        self.note(Made::Contact(contact.clone()));
        let member = json!({"members": [{"email": email, "name": format!("Lab {who}")}]});
        let made = self.trio.ghost.call(Method::POST, "/members/", Some(member)).await;
        let member = made["members"][0]["id"].as_str().unwrap().to_string();
        self.note(Made::Member(member.clone()));
        assert!(made["members"][0]["subscribed"].as_bool().unwrap(), "a new member gets the newsletter: {made}");
        Person { email, contact, member }
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
        for made in made.iter().rev() {
            let (system, path) = match made {
                Made::Contact(id) => (&self.trio.crm, format!("/contacts/{id}/")),
                Made::Deal(id) => (&self.trio.crm, format!("/opportunities/{id}/")),
                Made::Member(id) => (&self.trio.ghost, format!("/members/{id}/")),
                Made::Ticket(id) => (&self.trio.rt, format!("/ticket/{id}")),
                Made::User(email) => (&self.trio.rt, format!("/user/{email}")),
            };
            let (status, said) = system.send(Method::DELETE, &path, None).await;
            // A deal that the test itself deleted is not there any more.
            if !(200..300).contains(&status) && status != 404 {
                println!("left behind: {made:?}: {status} {said}");
            }
        }
    }
}
