//! NIFs and tuples without an allocation, for the one call that is made for every hit.
//!
//! rustler's own wrapper copies the arguments, and the elements of a tuple, into a vector first. That takes some 15 ns,
//! about as much as all the rest of the way into the VM and back.
#![allow(unsafe_code, reason = "rustler's wrapper allocates, and its parts are not for use by themselves")]

use std::panic::{AssertUnwindSafe, catch_unwind};

use rustler::codegen_runtime::{NifReturnable, NifReturned};
use rustler::sys::{ErlNifEnv, ErlNifTerm, enif_make_tuple_from_array};
use rustler::{Atom, Env, NifResult, Term, atoms};

atoms! { nif_panicked }

/// Registers `fn(Env, [Term; arity]) -> NifResult<Term>` as a NIF, as `#[rustler::nif]` does.
macro_rules! raw_nif {
    ($name:literal, $arity:literal, $function:ident) => {
        rustler::codegen_runtime::inventory::submit!(rustler::Nif {
            name: concat!($name, "\0").as_ptr().cast(),
            arity: $arity,
            flags: rustler::SchedulerFlags::Normal as u32,
            raw_func: {
                #[allow(unsafe_code, reason = "the shape that the VM calls")]
                unsafe extern "C" fn call(
                    env: *mut rustler::sys::ErlNifEnv,
                    _: i32,
                    arguments: *const rustler::sys::ErlNifTerm,
                ) -> rustler::sys::ErlNifTerm {
                    // SAFETY: the VM calls with an environment of its own and as many arguments as are registered.
                    unsafe { $crate::limit::raw::call::<$arity>(env, arguments, $function) }
                }
                call
            },
        });
    };
}
pub(super) use raw_nif;

/// Calls a NIF's function. A panic is raised in the caller, as rustler does.
///
/// # Safety
/// `env` and `arguments` are those of a NIF call with `N` arguments.
#[inline(always)]
pub(super) unsafe fn call<const N: usize>(
    env: *mut ErlNifEnv,
    arguments: *const ErlNifTerm,
    function: for<'a> fn(Env<'a>, [Term<'a>; N]) -> NifResult<Term<'a>>,
) -> ErlNifTerm {
    let lifetime = ();
    // SAFETY: no other environment has this lifetime, and the arguments are terms of this one.
    let (env, arguments) = unsafe {
        let env = Env::new(&lifetime, env);
        (env, (*arguments.cast::<[ErlNifTerm; N]>()).map(|term| Term::new(env, term)))
    };
    let returned = match catch_unwind(AssertUnwindSafe(|| function(env, arguments))) {
        Ok(Ok(term)) => return term.as_c_arg(),
        // SAFETY: the environment is that of the call.
        Ok(Err(error)) => unsafe { NifReturnable::into_returned(error, env) },
        Err(_) => NifReturned::Raise(Atom::to_term(nif_panicked(), env).as_c_arg()),
    };
    // SAFETY: as above.
    unsafe { returned.apply(env) }
}

/// A tuple of these terms.
#[inline]
pub(super) fn tuple<'a, const N: usize>(env: Env<'a>, terms: [Term<'a>; N]) -> Term<'a> {
    let terms = terms.map(|term| term.as_c_arg());
    // SAFETY: the terms are of this environment, by their lifetime, and there are N of them.
    unsafe { Term::new(env, enif_make_tuple_from_array(env.as_c_arg(), terms.as_ptr(), N as u32)) }
}
