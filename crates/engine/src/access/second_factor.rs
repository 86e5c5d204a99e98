//! The second factor: an authenticator (TOTP, RFC 6238) and codes for the day it is lost.

use holdfast_catalog::members::{self, Member, Totp};
use holdfast_salesforce::Secret;
use totp_rs::{Algorithm, TOTP};

use super::audit::{Act, Actor};
use super::caller::{Caller, Origin};
use super::error::AccessError;
use super::password;
use super::secrets::{fingerprint, random_text};
use super::throttle::Tries;
use crate::engine::Engine;
use crate::error::{Doing, Result};

/// An authenticator that is being set up; shown once.
#[derive(Debug)]
pub struct TotpSetUp {
    /// Base32, for typing.
    pub secret: Secret,
    /// What the authenticator reads as a picture.
    pub url: Secret,
}

/// Shows once more who is there, before something that a stolen session must not do.
#[derive(Debug, Clone)]
pub enum Proof {
    Password(Secret),
    Code(String),
    /// The member has neither; that they signed in has to do.
    Nothing,
}

const ISSUER: &str = "Holdfast";
const STEP_S: u64 = 30;
const RECOVERY_CODES: usize = 10;
/// RFC 4226, section 4, R6: at least 128 bits, 160 recommended.
const SECRET_BYTES: usize = 20;

impl Engine {
    pub async fn begin_totp(&self, caller: &Caller, proof: Proof) -> Result<TotpSetUp> {
        caller.session()?;
        if caller.member.totp.is_on {
            return Err(AccessError::AuthenticatorExists.into());
        }
        self.check_proof(caller, proof).await?;
        let mut secret = vec![0; SECRET_BYTES];
        rand::RngCore::fill_bytes(&mut rand::rng(), &mut secret);
        let totp = totp(secret.clone(), &caller.member.email);
        let sealed = self.catalog().key().seal_for(&context(&caller.member), &secret);
        let totp_row = Totp { sealed: Some(sealed), is_on: false, last_step: 0 };
        let kept = members::set_totp(self.catalog().db(), caller.member.id, &totp_row).await;
        kept.doing(|| "keep the authenticator".to_owned())?;
        Ok(TotpSetUp { secret: Secret::new(totp.get_secret_base32()), url: Secret::new(totp.get_url()) })
    }

    /// The first right code switches the authenticator on; answers the recovery codes.
    pub async fn confirm_totp(&self, caller: &Caller, code: &str) -> Result<Vec<Secret>> {
        caller.session()?;
        if caller.member.totp.is_on {
            return Err(AccessError::AuthenticatorExists.into());
        }
        if self.opened_totp(&caller.member).is_none() {
            return Err(AccessError::NoAuthenticator.into());
        }
        let tries = Tries::of_code(caller.member.id, caller.origin.ip.as_deref());
        self.begin_try(&tries).await?;
        let step = self.step_of(&caller.member, code).ok_or(AccessError::WrongCode)?;
        self.forgive(&tries).await?;
        let totp = Totp { is_on: true, last_step: step, ..caller.member.totp.clone() };
        self.replace_codes(&caller.member, Some(totp), &caller.actor(), "authenticator.set_up").await
    }

    pub async fn replace_recovery_codes(&self, caller: &Caller, proof: Proof) -> Result<Vec<Secret>> {
        caller.session()?;
        if !caller.member.totp.is_on {
            return Err(AccessError::NoAuthenticator.into());
        }
        self.check_proof(caller, proof).await?;
        self.replace_codes(&caller.member, None, &caller.actor(), "recovery_codes.replaced").await
    }

    pub async fn remove_totp(&self, caller: &Caller, proof: Proof) -> Result<()> {
        caller.session()?;
        if caller.member.totp == Totp::default() {
            return Err(AccessError::NoAuthenticator.into());
        }
        self.check_proof(caller, proof).await?;
        self.forget_totp(&caller.member, &caller.actor()).await
    }

    pub(super) async fn forget_totp(&self, member: &Member, actor: &Actor) -> Result<()> {
        let doing = || "forget the authenticator".to_owned();
        let mut transaction = self.begin().await?;
        members::set_totp(&mut *transaction, member.id, &Totp::default()).await.doing(doing)?;
        members::set_recovery_codes(&mut transaction, member.id, &[]).await.doing(doing)?;
        let act = Act::new("authenticator.removed").on(member.email.clone());
        self.write_audit(&mut transaction, actor, act).await?;
        self.commit(transaction).await
    }

    pub async fn recovery_codes_left(&self, member: &Member) -> Result<u64> {
        let left = members::count_recovery_codes(self.catalog().db(), member.id).await;
        left.doing(|| "count the recovery codes".to_owned())
    }

    async fn replace_codes(
        &self,
        member: &Member,
        totp: Option<Totp>,
        actor: &Actor,
        action: &str,
    ) -> Result<Vec<Secret>> {
        let doing = || "keep the recovery codes".to_owned();
        let codes: Vec<Secret> = (0..RECOVERY_CODES).map(|_| recovery_code()).collect();
        let hashes: Vec<String> = codes.iter().map(|code| recovery_hash(code.expose())).collect();
        let mut transaction = self.begin().await?;
        if let Some(totp) = totp {
            members::set_totp(&mut *transaction, member.id, &totp).await.doing(doing)?;
        }
        members::set_recovery_codes(&mut transaction, member.id, &hashes).await.doing(doing)?;
        let act = Act::new(action).on(member.email.clone());
        self.write_audit(&mut transaction, actor, act).await?;
        self.commit(transaction).await?;
        Ok(codes)
    }

    /// Takes a code of the authenticator, or a recovery code; each is good once.
    pub(super) async fn check_code(&self, member: &Member, code: &str, origin: &Origin) -> Result<()> {
        let tries = Tries::of_code(member.id, origin.ip.as_deref());
        self.begin_try(&tries).await?;
        let doing = || "take the code".to_owned();
        let db = self.catalog().db();
        let is_right = match self.step_of(member, code) {
            Some(step) => members::take_totp_step(db, member.id, step).await.doing(doing)?,
            None => members::take_recovery_code(db, member.id, &recovery_hash(code)).await.doing(doing)?,
        };
        if is_right {
            return self.forgive(&tries).await;
        }
        let act = Act::new("session.refused").on(member.email.clone());
        self.note(&Actor::nobody(origin.ip.clone()), act).await?;
        Err(AccessError::WrongCode.into())
    }

    pub(super) async fn check_proof(&self, caller: &Caller, proof: Proof) -> Result<()> {
        let member = &caller.member;
        match proof {
            Proof::Password(password) => {
                let tries = Tries::to_sign_in(&member.email, caller.origin.ip.as_deref());
                self.begin_try(&tries).await?;
                if !password::is_right(password, member.password.clone()).await? {
                    return Err(AccessError::WrongPassword.into());
                }
                self.forgive(&tries).await
            }
            Proof::Code(code) if member.totp.is_on => self.check_code(member, &code, &caller.origin).await,
            Proof::Nothing if member.password.is_none() && !member.totp.is_on => Ok(()),
            Proof::Code(_) | Proof::Nothing => Err(AccessError::WrongPassword.into()),
        }
    }

    /// The time step of which this is the code, if it is one of now, of just before, or of just after.
    fn step_of(&self, member: &Member, code: &str) -> Option<u64> {
        let secret = self.opened_totp(member)?;
        let now = u64::try_from(self.clock().now().timestamp()).ok()?;
        let code: String = code.chars().filter(|c| !c.is_whitespace()).collect();
        let totp = totp(secret, &member.email);
        let steps = (now / STEP_S).saturating_sub(1)..=(now / STEP_S) + 1;
        steps.into_iter().find(|step| is_same(&totp.generate(step * STEP_S), &code))
    }

    fn opened_totp(&self, member: &Member) -> Option<Vec<u8>> {
        self.catalog().key().open_for(&context(member), member.totp.sealed.as_deref()?)
    }
}

/// What every authenticator understands: SHA-1, six digits, half a minute.
fn totp(secret: Vec<u8>, email: &str) -> TOTP {
    // A colon would end the name in the authenticator's address.
    let name = email.replace(':', " ");
    TOTP::new(Algorithm::SHA1, 6, 1, STEP_S, secret, Some(ISSUER.to_owned()), name)
        .expect("the secret is long enough and the names hold no colon")
}

/// Compares hashes, so that how long it takes tells nothing.
fn is_same(right: &str, given: &str) -> bool {
    blake3::hash(right.as_bytes()) == blake3::hash(given.as_bytes())
}

fn context(member: &Member) -> String {
    format!("authenticator of {}", member.id)
}

/// Twenty letters and digits in groups of five: some 100 bits.
fn recovery_code() -> Secret {
    let text: String =
        random_text::<24>().chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase();
    let letters: Vec<char> = text.chars().take(20).collect();
    Secret::new(letters.chunks(5).map(|chunk| chunk.iter().collect::<String>()).collect::<Vec<_>>().join("-"))
}

fn recovery_hash(code: &str) -> String {
    let letters: String = code.chars().filter(char::is_ascii_alphanumeric).collect();
    fingerprint(&letters.to_lowercase())
}
