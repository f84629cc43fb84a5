//! What is passed on unseen: functions and native records. Only a BEAM can call the former and knows the types of the
//! latter; here one can say what they are.

use crate::{Atom, Pid};

/// `&module.function/arity`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Export<'a> {
    /// The module.
    pub module: Atom<'a>,
    /// The function in it.
    pub function: Atom<'a>,
    /// Number of arguments; 255 at most where it can be called.
    pub arity: u32,
}

/// A closure: code of a module, by number, and the values that it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fun<'a> {
    /// The module with the code.
    pub module: Atom<'a>,
    /// Number of arguments.
    pub arity: u8,
    /// Number of the closure within the module.
    pub index: u32,
    /// MD5 of the module's significant parts.
    pub uniq: [u8; 16],
    /// Its number before `index` was thought of.
    pub old_index: i64,
    /// A hash over the closure's code, by which OTP told versions apart before `uniq`.
    pub old_uniq: i64,
    /// The process that made it.
    pub pid: Pid<'a>,
    /// How many values it holds.
    pub free: u32,
    /// These values, one term behind the other.
    pub values: &'a [u8],
}

/// A native record of OTP 29: a tuple with named fields whose type belongs to a module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record<'a> {
    /// The module that defines it.
    pub module: Atom<'a>,
    /// Its name there.
    pub name: Atom<'a>,
    /// Flags as they came: 1 for a record that its module exports, else 0.
    pub flags: u8,
    /// How many fields it has.
    pub fields: u32,
    /// The names of the fields, one atom behind the other.
    pub names: &'a [u8],
    /// Their values, one term behind the other.
    pub values: &'a [u8],
}
