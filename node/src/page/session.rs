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
    codes: Vec<([u8; 32], Instant)>,
    open: Vec<Open>,
    tries: u32,
    counted: Instant,
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
}

impl Session {
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
        self.invite_at(Instant::now())
    }

    fn invite_at(&self, now: Instant) -> String {
        let random: [u8; 20] = rand::random();
        let symbol =
            |byte: &u8| SYMBOLS.get(usize::from(byte & 31)).copied().map_or('0', char::from);
        let groups: Vec<String> =
            random.chunks(4).map(|four| four.iter().map(symbol).collect()).collect();
        let code = groups.join("-");
        let until = now.checked_add(self.0.settings.code).unwrap_or(now);
        let mut state = self.state();
        state.codes.retain(|(_, until)| *until > now);
        if state.codes.len() >= MOST_CODES {
            state.codes.remove(0);
        }
        state.codes.push((hash(plain(&code)), until));
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
        state.refill(now);
        if state.tries == 0 {
            return Err(EnterError::TooOften);
        }
        let said = hash(plain(code));
        state.codes.retain(|(_, until)| *until > now);
        let before = state.codes.len();
        state.codes.retain(|(known, _)| !bool::from(known.ct_eq(&said)));
        if state.codes.len() == before {
            state.tries = state.tries.saturating_sub(1);
            return Err(EnterError::Wrong);
        }
        let secret = base64url::encode(&rand::random::<[u8; 32]>());
        let form = base64url::encode(&rand::random::<[u8; 32]>());
        let session = Session { hash: hash(&secret), form: form.clone() };
        state.open.retain(|open| self.0.settings.holds(open, now));
        if state.open.len() >= MOST_SESSIONS {
            state.open.remove(0);
        }
        state.open.push(Open { hash: session.hash, form, began: now, seen: now });
        let secure = if self.0.settings.secure { "; Secure" } else { "" };
        let Settings { cookie, path, longest, .. } = &self.0.settings;
        let header = format!(
            "{cookie}={secret}; Path={path}; HttpOnly; SameSite=Strict; Max-Age={}{secure}",
            longest.as_secs()
        );
        let header = HeaderValue::from_str(&header).map_err(|_| EnterError::Wrong)?;
        Ok((header, session))
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
        Some(Session { hash: open.hash, form: open.form.clone() })
    }

    /// Ends a session, and gives the header that removes its cookie.
    #[must_use]
    pub fn leave(&self, session: &Session) -> HeaderValue {
        self.state().open.retain(|open| open.hash != session.hash);
        let Settings { cookie, path, secure, .. } = &self.0.settings;
        let secure = if *secure { "; Secure" } else { "" };
        let header =
            format!("{cookie}=; Path={path}; HttpOnly; SameSite=Strict; Max-Age=0{secure}");
        HeaderValue::from_str(&header).unwrap_or(HeaderValue::from_static(""))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Settings {
    fn holds(&self, open: &Open, now: Instant) -> bool {
        now.saturating_duration_since(open.seen) < self.idle
            && now.saturating_duration_since(open.began) < self.longest
    }
}

impl State {
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
fn cookies<'h>(headers: &'h HeaderMap, name: &str) -> impl Iterator<Item = &'h str> {
    let lines = headers.get_all(COOKIE).into_iter().filter_map(|line| line.to_str().ok());
    lines
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(move |(called, _)| *called == name)
        .map(|(_, value)| value)
        .take(MOST_COOKIES)
}

/// Reads a code as a person types it.
fn plain(code: &str) -> String {
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
        let code = sessions.invite_at(now);
        assert_eq!(sessions.enter_at(&code, now + CODE).unwrap_err(), EnterError::Wrong);
    }

    #[test]
    fn guessing_is_slowed_down_also_for_the_right_code_and_ends_by_itself() {
        let (sessions, now) = (sessions(), Instant::now());
        let code = sessions.invite_at(now);
        for _ in 0..TRIES {
            assert_eq!(sessions.enter_at("guess", now).unwrap_err(), EnterError::Wrong);
        }
        assert_eq!(sessions.enter_at(&code, now).unwrap_err(), EnterError::TooOften);
        assert!(sessions.enter_at(&code, now + Duration::from_secs(A_TRY)).is_ok());
    }

    #[test]
    fn a_session_rests_and_lasts_only_so_long() {
        let (sessions, now) = (sessions(), Instant::now());
        let (header, _) = sessions.enter_at(&sessions.invite_at(now), now).unwrap();
        let headers = sent(&header);
        let mut at = now;
        while at < now + LONGEST - IDLE {
            at += IDLE - Duration::from_secs(1);
            assert!(sessions.visit_at(&headers, at).is_some());
        }
        assert!(sessions.visit_at(&headers, now + LONGEST).is_none(), "it lasts only so long");
        let (header, _) = sessions.enter_at(&sessions.invite_at(now), now).unwrap();
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
    fn who_left_is_out() {
        let sessions = sessions();
        let (header, session) = sessions.enter(&sessions.invite()).unwrap();
        let gone = sessions.leave(&session);
        assert!(gone.to_str().unwrap().contains("Max-Age=0"));
        assert!(sessions.visit(&sent(&header)).is_none());
    }
}
