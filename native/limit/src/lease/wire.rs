//! The bytes between an app node and a Rust node. Big-endian, no padding; the first byte is [`VERSION`], the second the kind.
//!
//! | kind | from, to | fields |
//! | --- | --- | --- |
//! | 1 [`Status`] | app, Rust | node, incarnation, born_ms, answered poll, epoch, shares, electorate, rule, view, members |
//! | 2 [`Ask`] | app, Rust | incarnation, number, owner, want for each key |
//! | 3 [`Poll`] | Rust, app | node, incarnation, number, electorate, rule, view, votes, in force, members |
//! | 4 [`Grant`] | Rust, app | incarnation, number of the ask, closed for, what came of each want |
//! | 5 [`Report`] | app, Rust | incarnation, number, owner, view, epoch, slots held of each key |
//! | 6 [`Account`] | app, Rust | incarnation, number, owner, view, epoch, part, last, quiet, rule, what is known of each key |
//! | 7 [`Free`] | Rust, app | incarnation, keys |
//!
//! # Limits
//!
//! Counts are checked against [`MAX_ENTRIES`], [`MAX_HELD`], [`MAX_KNOWN`], [`View::MAX`], the bound of members and the bytes that are there before anything
//! is allocated.

mod fields;

use self::fields::{Rest, words, write_count, write_members, write_rule, write_view};
use super::{Incarnation, LeaseError, LeaseRule, Member, NodeId, View};

/// The version of the protocol.
pub const VERSION: u8 = 1;
/// The most keys of one message.
pub const MAX_ENTRIES: usize = 256;
/// The most keys of which one node holds slots.
pub const MAX_HELD: usize = 50_000;
/// The most keys of one part of an account.
pub const MAX_KNOWN: usize = 1_024;
/// Of [`Want::refund`]: the key is to be as new.
pub const RESET: u64 = u64::MAX;
/// Of [`Grant::closed_ns`]: a report has to come first.
pub const REPORT_FIRST: u64 = u64::MAX;

/// A message of either side.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Message {
    /// An app node says how it stands, unasked or to a poll.
    Status(Status),
    /// An app node wants tokens, or gives some back.
    Ask(Ask),
    /// A Rust node asks for votes.
    Poll(Poll),
    /// A Rust node answers an ask.
    Grant(Grant),
    /// An app node says which slots it holds.
    Report(Report),
    /// An app node says what it knows of keys.
    Account(Account),
    /// A Rust node says that keys have tokens again that were denied.
    Free(Free),
}

/// How an app node stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// Its id.
    pub node: NodeId,
    /// Its incarnation.
    pub incarnation: Incarnation,
    /// When it started by its wall clock.
    pub born_ms: u64,
    /// The number of the poll that this answers; 0 for none.
    pub answers: u64,
    /// How often it has changed the view that it votes for.
    pub epoch: u64,
    /// When it is not heard it spends its share of the limit by itself.
    pub shares: bool,
    /// The size of the electorate that it was configured with; 0 for none.
    pub electorate: u32,
    /// The rule that it wants.
    pub rule: LeaseRule,
    /// What it votes for; empty for no vote.
    pub view: View,
    /// The electorate as it knows it. It is in it itself.
    pub members: Vec<Member>,
}

/// A request for tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// The asker's incarnation.
    pub incarnation: Incarnation,
    /// Rises with each ask of an incarnation.
    pub number: u64,
    /// The incarnation of the owner that it is meant for.
    pub owner: Incarnation,
    /// The view for which it holds tokens.
    pub view: u64,
    /// What it wants.
    pub wants: Vec<Want>,
}

/// What is wanted of one key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Want {
    /// The key.
    pub key: u128,
    /// Tokens that the asker has now and keeps. It has spent the rest, except for `back`.
    pub held: u64,
    /// Tokens that it had and gives back.
    pub back: u64,
    /// Having fewer than this is of no use. As the next two: with those that it has.
    pub least: u64,
    /// What hits wait for now.
    pub need: u64,
    /// What it could use.
    pub want: u64,
    /// Tokens that were spent and are not needed after all; or [`RESET`].
    pub refund: u64,
}

/// All slots that an app node holds of the keys of one owner: in the place of all that it said before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The reporter's incarnation.
    pub incarnation: Incarnation,
    /// One of the numbers of its asks.
    pub number: u64,
    /// The incarnation of the owner that it is meant for.
    pub owner: Incarnation,
    /// The view that it votes for.
    pub view: u64,
    /// How often it has changed the view that it votes for.
    pub epoch: u64,
    /// Keys, and the slots that it holds of each.
    pub held: Vec<(u128, u64)>,
}

/// What an app node knows of the keys that an owner has under its vote: a part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The sender's incarnation.
    pub incarnation: Incarnation,
    /// One of the numbers of its asks.
    pub number: u64,
    /// The incarnation of the owner that it is meant for.
    pub owner: Incarnation,
    /// The view that it votes for.
    pub view: u64,
    /// How often it has changed the view that it votes for.
    pub epoch: u64,
    /// Counts from 0. The first one begins anew.
    pub part: u32,
    /// There are no more parts.
    pub last: bool,
    /// How long ago somebody may have spent what this node does not know of; [`u64::MAX`]: never.
    pub quiet_ns: u64,
    /// The rule that all this was counted by.
    pub rule: LeaseRule,
    /// What it last heard of each key.
    pub known: Vec<Known>,
}

/// What an app node last heard from the owner of a key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// The key.
    pub key: u128,
    /// As of [`Given`].
    pub left: u64,
    /// As of [`Given`].
    pub leased: u64,
    /// As of [`Given`].
    pub window: u64,
    /// How long ago it heard so.
    pub age_ns: u64,
}

/// Keys that were denied and have tokens again before their time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Free {
    /// The owner's incarnation.
    pub incarnation: Incarnation,
    /// Which ones.
    pub keys: Vec<u128>,
}

/// A question for votes, and how things stand at a Rust node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Poll {
    /// The Rust node.
    pub node: NodeId,
    /// Its incarnation.
    pub incarnation: Incarnation,
    /// Rises with each poll.
    pub number: u64,
    /// The size of the electorate.
    pub electorate: u32,
    /// The rule that holds, if anybody has named one.
    pub rule: Option<LeaseRule>,
    /// The view for which it has the most votes; empty for none.
    pub view: View,
    /// How many it has.
    pub votes: u32,
    /// They are the majority.
    pub in_force: bool,
    /// The electorate as it knows it.
    pub members: Vec<Member>,
}

/// The answer to an ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The owner's incarnation.
    pub incarnation: Incarnation,
    /// The number of the ask.
    pub number: u64,
    /// 0: the grants follow. Else it grants nothing for about as long.
    pub closed_ns: u64,
    /// What came of each want, in their order.
    pub given: Vec<Given>,
}

/// What came of one want.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Given {
    /// The key.
    pub key: u128,
    /// Of the tokens that the asker says to have, those that it has.
    pub held: u64,
    /// New ones.
    pub granted: u64,
    /// How long all of them hold, counted from when the ask was sent.
    pub hold_ns: u64,
    /// If there was less than `need`: when there will be some for `least`; `u64::MAX` for never. Else 0.
    pub retry_ns: u64,
    /// Tokens that are left at the owner.
    pub left: u64,
    /// Until the bucket would be full.
    pub reset_ns: u64,
    /// Tokens that all nodes together have leased. Of sliding windows: the count of the window before.
    pub leased: u64,
    /// Of windows: which one it is. Of sliding windows: when it ends by the owner's wall clock, in milliseconds.
    pub window: u64,
}

impl Status {
    /// Whether it is the sender's last word.
    pub(super) fn says_goodbye(&self) -> bool {
        self.members.iter().any(|member| member.node == self.node && member.gone)
    }
}

impl View {
    /// A short name of it.
    pub(super) fn digest(&self) -> u64 {
        let mut bytes = Vec::new();
        write_view(&mut bytes, self);
        NodeId::of(&bytes).0
    }
}

impl Message {
    /// Its bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = vec![VERSION];
        match self {
            Self::Status(status) => {
                out.push(1);
                let Status { node, incarnation, born_ms, answers, epoch, .. } = status;
                words(&mut out, [node.0, incarnation.0, *born_ms, *answers, *epoch]);
                out.push(status.shares.into());
                out.extend(status.electorate.to_be_bytes());
                write_rule(&mut out, Some(&status.rule));
                write_view(&mut out, &status.view);
                write_members(&mut out, &status.members);
            }
            Self::Ask(ask) => {
                out.push(2);
                words(&mut out, [ask.incarnation.0, ask.number, ask.owner.0, ask.view]);
                write_count(&mut out, ask.wants.len());
                for want in &ask.wants {
                    out.extend(want.key.to_be_bytes());
                    words(&mut out, [want.held, want.back, want.least, want.need, want.want, want.refund]);
                }
            }
            Self::Poll(poll) => {
                out.push(3);
                words(&mut out, [poll.node.0, poll.incarnation.0, poll.number]);
                out.extend(poll.electorate.to_be_bytes());
                write_rule(&mut out, poll.rule.as_ref());
                write_view(&mut out, &poll.view);
                out.extend(poll.votes.to_be_bytes());
                out.push(poll.in_force.into());
                write_members(&mut out, &poll.members);
            }
            Self::Grant(grant) => {
                out.push(4);
                words(&mut out, [grant.incarnation.0, grant.number, grant.closed_ns]);
                write_count(&mut out, grant.given.len());
                for given in &grant.given {
                    out.extend(given.key.to_be_bytes());
                    let Given { held, granted, hold_ns, retry_ns, left, reset_ns, leased, window, .. } =
                        *given;
                    words(&mut out, [held, granted, hold_ns, retry_ns, left, reset_ns, leased, window]);
                }
            }
            Self::Report(report) => {
                out.push(5);
                let Report { incarnation, number, owner, view, epoch, held } = report;
                words(&mut out, [incarnation.0, *number, owner.0, *view, *epoch]);
                write_count(&mut out, held.len());
                for (key, held) in held {
                    out.extend(key.to_be_bytes());
                    words(&mut out, [*held]);
                }
            }
            Self::Account(account) => {
                out.push(6);
                let Account { incarnation, number, owner, view, epoch, .. } = account;
                words(&mut out, [incarnation.0, *number, owner.0, *view, *epoch]);
                out.extend(account.part.to_be_bytes());
                out.push(account.last.into());
                words(&mut out, [account.quiet_ns]);
                write_rule(&mut out, Some(&account.rule));
                write_count(&mut out, account.known.len());
                for known in &account.known {
                    out.extend(known.key.to_be_bytes());
                    words(&mut out, [known.left, known.leased, known.window, known.age_ns]);
                }
            }
            Self::Free(free) => {
                out.push(7);
                words(&mut out, [free.incarnation.0]);
                write_count(&mut out, free.keys.len());
                free.keys.iter().for_each(|key| out.extend(key.to_be_bytes()));
            }
        }
        out
    }

    /// Reads exactly one message.
    ///
    /// # Errors
    /// The peer speaks another version, or sent no message or one that is too large.
    pub fn decode(bytes: &[u8]) -> Result<Self, LeaseError> {
        let mut rest = Rest(bytes);
        match rest.byte()? {
            VERSION => {}
            other => return Err(LeaseError::Version(other)),
        }
        let message = match rest.byte()? {
            1 => Self::Status(Status {
                node: NodeId(rest.word()?),
                incarnation: rest.incarnation()?,
                born_ms: rest.word()?,
                answers: rest.word()?,
                epoch: rest.word()?,
                shares: rest.flag()?,
                electorate: rest.half()?,
                rule: rest.rule()?.ok_or(LeaseError::Malformed)?,
                view: rest.view()?,
                members: rest.members()?,
            }),
            2 => Self::Ask(Ask {
                incarnation: rest.incarnation()?,
                number: rest.word()?,
                owner: rest.incarnation()?,
                view: rest.word()?,
                wants: rest.entries("keys", MAX_ENTRIES, 64, |rest| {
                    Ok(Want {
                        key: rest.key()?,
                        held: rest.word()?,
                        back: rest.word()?,
                        least: rest.word()?,
                        need: rest.word()?,
                        want: rest.word()?,
                        refund: rest.word()?,
                    })
                })?,
            }),
            3 => Self::Poll(Poll {
                node: NodeId(rest.word()?),
                incarnation: rest.incarnation()?,
                number: rest.word()?,
                electorate: rest.half()?,
                rule: rest.rule()?,
                view: rest.view()?,
                votes: rest.half()?,
                in_force: rest.flag()?,
                members: rest.members()?,
            }),
            4 => Self::Grant(Grant {
                incarnation: rest.incarnation()?,
                number: rest.word()?,
                closed_ns: rest.word()?,
                given: rest.entries("keys", MAX_ENTRIES, 80, |rest| {
                    Ok(Given {
                        key: rest.key()?,
                        held: rest.word()?,
                        granted: rest.word()?,
                        hold_ns: rest.word()?,
                        retry_ns: rest.word()?,
                        left: rest.word()?,
                        reset_ns: rest.word()?,
                        leased: rest.word()?,
                        window: rest.word()?,
                    })
                })?,
            }),
            5 => Self::Report(Report {
                incarnation: rest.incarnation()?,
                number: rest.word()?,
                owner: rest.incarnation()?,
                view: rest.word()?,
                epoch: rest.word()?,
                held: rest.entries("keys", MAX_HELD, 24, |rest| Ok((rest.key()?, rest.word()?)))?,
            }),
            6 => Self::Account(Account {
                incarnation: rest.incarnation()?,
                number: rest.word()?,
                owner: rest.incarnation()?,
                view: rest.word()?,
                epoch: rest.word()?,
                part: rest.half()?,
                last: rest.flag()?,
                quiet_ns: rest.word()?,
                rule: rest.rule()?.ok_or(LeaseError::Malformed)?,
                known: rest.entries("keys", MAX_KNOWN, 48, |rest| {
                    Ok(Known {
                        key: rest.key()?,
                        left: rest.word()?,
                        leased: rest.word()?,
                        window: rest.word()?,
                        age_ns: rest.word()?,
                    })
                })?,
            }),
            7 => Self::Free(Free {
                incarnation: rest.incarnation()?,
                keys: rest.entries("keys", MAX_ENTRIES, 16, Rest::key)?,
            }),
            _ => return Err(LeaseError::Malformed),
        };
        if rest.0.is_empty() { Ok(message) } else { Err(LeaseError::Malformed) }
    }
}
