//! Lets a person in: by a code that counts once, and then by a cookie that only this program reads.
//!
//! A code has a hundred random bits, counts once and for minutes. What follows it is a session: 32
//! random bytes in a cookie that no script and no other site gets, of which only the hash is kept, and
//! a second secret that each form repeats. Sessions live in memory and end with the program.
//!
//! - Standard: RFC 6265bis, "Cookie Name Prefixes", "SameSite".

use axum::http::header::{COOKIE, HeaderMap, HeaderValue};
use countersign_protocol::encoding::base64url;
use sha2::{Digest as _, Sha256};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use subtle::ConstantTimeEq as _;

/// How cookies are set, and how long things last.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The cookie's name. Where all is TLS it begins with `__Host-` and `path` is `/`.
    pub cookie: String,
    /// Below which address the browser sends it. Cookies know no ports: on loopback a path that nobody
    /// else knows keeps it from other programs of this computer.
    pub path: String,
    /// Whether the pages are served over TLS.
    pub secure: bool,
    /// How long a code counts.
    pub code: Duration,
    /// How long a session may rest.
    pub idle: Duration,
    /// How long a session lasts at most.
    pub longest: Duration,
}

impl Settings {
    /// Gives settings for pages on loopback, below `path`.
    #[must_use]
    pub fn loopback(cookie: &str, path: &str) -> Self {
        let cookie = cookie.to_owned();
        Self { cookie, secure: false, path: path.to_owned(), ..Self::tls("") }
    }

    /// Gives settings for pages over TLS. The cookie is called `__Host-` and then `name`.
    #[must_use]
    pub fn tls(name: &str) -> Self {
        Self {
            cookie: format!("__Host-{name}"),
            path: "/".to_owned(),
            secure: true,
            code: CODE,
            idle: IDLE,
            longest: LONGEST,
        }
    }
}

/// Everybody who is in, and the codes that let somebody in. Clones are the same.
#[derive(Debug, Clone)]
pub struct Sessions(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    settings: Settings,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    codes: Vec<Code>,
    open: Vec<Open>,
    tries: u32,
    counted: Instant,
}

#[derive(Debug)]
struct Code {
    hash: [u8; 32],
    until: Instant,
    /// For whom it was made; empty for whoever has it.
    whom: String,
}

#[derive(Debug)]
struct Open {
    hash: [u8; 32],
    form: String,
    began: Instant,
    seen: Instant,
}

/// Somebody who is in.
#[derive(Debug, Clone)]
pub struct Session {
    hash: [u8; 32],
    form: String,
    device: Option<Arc<str>>,
}

impl Session {
    /// Makes the session of a device that is known by a lasting `secret` in its cookie. What its forms
    /// repeat comes from that secret: nothing of it is kept anywhere.
    #[must_use]
    pub fn lasting(secret: &str, device: &str) -> Self {
        let form = base64url::encode(&hash(format!("{FORM_OF}{secret}")));
        Self { hash: hash(secret), form, device: Some(device.into()) }
    }

    /// Gives the name of the device whose session this is; none for a browser beside the program.
    #[must_use]
    pub fn device(&self) -> Option<&Arc<str>> {
        self.device.as_ref()
    }

    /// Gives what each form of this session repeats.
    #[must_use]
    pub fn form(&self) -> &str {
        &self.form
    }

    /// Tells whether a form repeated it.
    #[must_use]
    pub fn is_own_form(&self, said: &str) -> bool {
        bool::from(self.form.as_bytes().ct_eq(said.as_bytes()))
    }
}

/// Nobody is let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EnterError {
    /// It was typed wrong, has ended, or let somebody in before. Fault of whoever typed it.
    #[error("this code does not count, or no longer")]
    Wrong,
    /// Too many wrong ones came. Fault of whoever tried.
    #[error("too many wrong codes came; wait a minute")]
    TooOften,
}

impl Sessions {
    /// Begins with nobody in.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        let state =
            State { codes: Vec::new(), open: Vec::new(), tries: TRIES, counted: Instant::now() };
        Self(Arc::new(Shared { settings, state: Mutex::new(state) }))
    }

    /// Makes a code that lets one person in, once.
    #[must_use]
    pub fn invite(&self) -> String {
        self.invite_at("", Instant::now())
    }

    /// Makes a code that lets `whom` in, once; an earlier one of theirs no longer counts.
    #[must_use]
    pub fn invite_as(&self, whom: &str) -> String {
        self.state().codes.retain(|code| code.whom != whom);
        self.invite_at(whom, Instant::now())
    }

    fn invite_at(&self, whom: &str, now: Instant) -> String {
        let random: [u8; 20] = rand::random();
        let symbol =
            |byte: &u8| SYMBOLS.get(usize::from(byte & 31)).copied().map_or('0', char::from);
        let groups: Vec<String> =
            random.chunks(4).map(|four| four.iter().map(symbol).collect()).collect();
        let code = groups.join("-");
        let until = now.checked_add(self.0.settings.code).unwrap_or(now);
        let mut state = self.state();
        state.codes.retain(|code| code.until > now);
        if state.codes.len() >= MOST_CODES {
            state.codes.remove(0);
        }
        state.codes.push(Code { hash: hash(plain(&code)), until, whom: whom.to_owned() });
        code
    }

    /// Lets in whoever has `code`, and gives the header that sets the cookie.
    ///
    /// # Errors
    ///
    /// Returns [`EnterError`] if the code does not count, or too many were tried.
    pub fn enter(&self, code: &str) -> Result<(HeaderValue, Session), EnterError> {
        self.enter_at(code, Instant::now())
    }

    fn enter_at(&self, code: &str, now: Instant) -> Result<(HeaderValue, Session), EnterError> {
        let mut state = self.state();
        state.redeem(code, now)?;
        let secret = base64url::encode(&rand::random::<[u8; 32]>());
        let form = base64url::encode(&rand::random::<[u8; 32]>());
        let session = Session { hash: hash(&secret), form: form.clone(), device: None };
        state.open.retain(|open| self.0.settings.holds(open, now));
        if state.open.len() >= MOST_SESSIONS {
            state.open.remove(0);
        }
        state.open.push(Open { hash: session.hash, form, began: now, seen: now });
        let header = self.0.settings.cookie(&secret).ok_or(EnterError::Wrong)?;
        Ok((header, session))
    }

    /// Takes a code that counts, and gives whom it was made for. It counts no more.
    ///
    /// # Errors
    ///
    /// Returns [`EnterError`] if the code does not count, or too many were tried.
    pub fn redeem(&self, code: &str) -> Result<String, EnterError> {
        self.state().redeem(code, Instant::now())
    }

    /// Finds whose cookie stands in `headers`.
    #[must_use]
    pub fn visit(&self, headers: &HeaderMap) -> Option<Session> {
        self.visit_at(headers, Instant::now())
    }

    fn visit_at(&self, headers: &HeaderMap, now: Instant) -> Option<Session> {
        let said = cookies(headers, &self.0.settings.cookie).map(hash).collect::<Vec<_>>();
        let mut state = self.state();
        state.open.retain(|open| self.0.settings.holds(open, now));
        let known = |open: &&mut Open| said.iter().any(|said| bool::from(open.hash.ct_eq(said)));
        let open = state.open.iter_mut().find(known)?;
        open.seen = now;
        Some(Session { hash: open.hash, form: open.form.clone(), device: None })
    }

    /// Ends a session, and gives the header that removes its cookie.
    #[must_use]
    pub fn leave(&self, session: &Session) -> HeaderValue {
        self.state().open.retain(|open| open.hash != session.hash);
        let gone = Settings { longest: Duration::ZERO, ..self.0.settings.clone() };
        gone.cookie("").unwrap_or(HeaderValue::from_static(""))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Settings {
    /// Gives the header that sets the cookie to `secret`; nothing if a setting cannot stand there.
    #[must_use]
    pub fn cookie(&self, secret: &str) -> Option<HeaderValue> {
        let secure = if self.secure { "; Secure" } else { "" };
        let Self { cookie, path, longest, .. } = self;
        let header = format!(
            "{cookie}={secret}; Path={path}; HttpOnly; SameSite=Strict; Max-Age={}{secure}",
            longest.as_secs()
        );
        HeaderValue::from_str(&header).ok()
    }

    fn holds(&self, open: &Open, now: Instant) -> bool {
        now.saturating_duration_since(open.seen) < self.idle
            && now.saturating_duration_since(open.began) < self.longest
    }
}

impl State {
    fn redeem(&mut self, code: &str, now: Instant) -> Result<String, EnterError> {
        self.refill(now);
        if self.tries == 0 {
            return Err(EnterError::TooOften);
        }
        let said = hash(plain(code));
        self.codes.retain(|code| code.until > now);
        let known = self.codes.iter().position(|code| bool::from(code.hash.ct_eq(&said)));
        match known {
            Some(at) => Ok(self.codes.remove(at).whom),
            None => {
                self.tries = self.tries.saturating_sub(1);
                Err(EnterError::Wrong)
            }
        }
    }

    /// Gives tries back with time.
    fn refill(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.counted).as_secs() / A_TRY;
        if passed > 0 {
            let more = u32::try_from(passed).unwrap_or(u32::MAX);
            self.tries = self.tries.saturating_add(more).min(TRIES);
            self.counted = now;
        }
    }
}

/// Gives the values of all cookies called `name`.
pub(crate) fn cookies<'h>(headers: &'h HeaderMap, name: &str) -> impl Iterator<Item = &'h str> {
    let lines = headers.get_all(COOKIE).into_iter().filter_map(|line| line.to_str().ok());
    lines
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(move |(called, _)| *called == name)
        .map(|(_, value)| value)
        .take(MOST_COOKIES)
}

/// Reads a code as a person types it.
pub(crate) fn plain(code: &str) -> String {
    let letter = |c: char| match c.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    };
    code.chars().filter(char::is_ascii_alphanumeric).map(letter).take(64).collect()
}

fn hash(text: impl AsRef<[u8]>) -> [u8; 32] {
    Sha256::digest(text.as_ref()).into()
}

/// Before a device's secret, where it becomes what its forms repeat.
const FORM_OF: &str = "countersign/device/form/1 ";
/// Letters and digits that cannot be taken for each other.
const SYMBOLS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Long enough to walk to another computer, too short to be found in a history.
const CODE: Duration = Duration::from_secs(600);
/// An evening beside the computer.
const IDLE: Duration = Duration::from_secs(2 * 3600);
/// Half a day.
const LONGEST: Duration = Duration::from_secs(12 * 3600);
/// Codes that count at once.
const MOST_CODES: usize = 8;
/// Browsers that are in at once.
const MOST_SESSIONS: usize = 16;
/// Cookies of one name a browser may have by way of paths.
const MOST_COOKIES: usize = 4;
/// Wrong codes at once.
const TRIES: u32 = 10;
/// Seconds until one more try.
const A_TRY: u64 = 6;

#[cfg(test)]
mod tests {
    use super::*;

    fn sessions() -> Sessions {
        Sessions::new(Settings::loopback("home", "/secret"))
    }

    fn sent(header: &HeaderValue) -> HeaderMap {
        let pair = header.to_str().unwrap().split(';').next().unwrap().to_owned();
        HeaderMap::from_iter([(COOKIE, HeaderValue::from_str(&pair).unwrap())])
    }

    #[test]
    fn a_code_counts_once_and_as_it_is_typed() {
        let sessions = sessions();
        let code = sessions.invite();
        assert_eq!(code.len(), 24);
        let typed = code.to_lowercase().replace('-', " ").replace('0', "o");
        let (header, _) = sessions.enter(&typed).unwrap();
        assert!(sessions.visit(&sent(&header)).is_some());
        assert_eq!(sessions.enter(&code).unwrap_err(), EnterError::Wrong);
    }

    #[test]
    fn a_code_ends() {
        let (sessions, now) = (sessions(), Instant::now());
        let code = sessions.invite_at("", now);
        assert_eq!(sessions.enter_at(&code, now + CODE).unwrap_err(), EnterError::Wrong);
    }

    #[test]
    fn guessing_is_slowed_down_also_for_the_right_code_and_ends_by_itself() {
        let (sessions, now) = (sessions(), Instant::now());
        let code = sessions.invite_at("", now);
        for _ in 0..TRIES {
            assert_eq!(sessions.enter_at("guess", now).unwrap_err(), EnterError::Wrong);
        }
        assert_eq!(sessions.enter_at(&code, now).unwrap_err(), EnterError::TooOften);
        assert!(sessions.enter_at(&code, now + Duration::from_secs(A_TRY)).is_ok());
    }

    #[test]
    fn a_session_rests_and_lasts_only_so_long() {
        let (sessions, now) = (sessions(), Instant::now());
        let (header, _) = sessions.enter_at(&sessions.invite_at("", now), now).unwrap();
        let headers = sent(&header);
        let mut at = now;
        while at < now + LONGEST - IDLE {
            at += IDLE - Duration::from_secs(1);
            assert!(sessions.visit_at(&headers, at).is_some());
        }
        assert!(sessions.visit_at(&headers, now + LONGEST).is_none(), "it lasts only so long");
        let (header, _) = sessions.enter_at(&sessions.invite_at("", now), now).unwrap();
        assert!(sessions.visit_at(&sent(&header), now + IDLE).is_none(), "it rests only so long");
    }

    #[test]
    fn the_cookie_is_for_this_program_alone() {
        let sessions = sessions();
        let (header, session) = sessions.enter(&sessions.invite()).unwrap();
        let text = header.to_str().unwrap();
        for word in ["home=", "Path=/secret", "HttpOnly", "SameSite=Strict"] {
            assert!(text.contains(word), "{text}");
        }
        assert!(!text.contains("Secure") && !text.contains(session.form()));
        let over_tls = Sessions::new(Settings::tls("operator"));
        let (header, _) = over_tls.enter(&over_tls.invite()).unwrap();
        let text = header.to_str().unwrap();
        assert!(text.starts_with("__Host-operator=") && text.ends_with("; Secure"), "{text}");
    }

    #[test]
    fn a_form_of_another_session_is_not_ones_own() {
        let sessions = sessions();
        let (_, one) = sessions.enter(&sessions.invite()).unwrap();
        let (_, other) = sessions.enter(&sessions.invite()).unwrap();
        assert!(one.is_own_form(one.form()));
        assert!(!one.is_own_form(other.form()) && !one.is_own_form(""));
    }

    #[test]
    fn a_code_says_whom_it_was_made_for_and_only_their_newest_counts() {
        let sessions = sessions();
        let (first, other) = (sessions.invite_as("phone"), sessions.invite_as("tablet"));
        let second = sessions.invite_as("phone");
        assert_eq!(sessions.redeem(&first).unwrap_err(), EnterError::Wrong);
        assert_eq!(sessions.redeem(&second).unwrap(), "phone");
        assert_eq!(sessions.redeem(&second).unwrap_err(), EnterError::Wrong);
        assert_eq!(sessions.redeem(&other).unwrap(), "tablet");
    }

    #[test]
    fn a_lasting_session_has_a_form_of_its_own_that_is_not_its_secret() {
        let (one, again) = (Session::lasting("secret", "phone"), Session::lasting("secret", "x"));
        let other = Session::lasting("other", "phone");
        assert!(one.is_own_form(again.form()), "after a restart a form still counts");
        assert!(!one.is_own_form(other.form()) && !one.form().contains("secret"));
    }

    #[test]
    fn who_left_is_out() {
        let sessions = sessions();
        let (header, session) = sessions.enter(&sessions.invite()).unwrap();
        let gone = sessions.leave(&session);
        assert!(gone.to_str().unwrap().contains("Max-Age=0"));
        assert!(sessions.visit(&sent(&header)).is_none());
    }
}
