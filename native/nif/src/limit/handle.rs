//! The resource type of limiters, made by hand.
//!
//! rustler finds the type of a resource in a map from Rust types, some 12 ns for each hit. Here it lies in a static.
//!
//! # Invariants
//!
//! - A resource of this type holds one pointer, from `Box::into_raw`, from before anybody can refer to it until the VM
//!   has lost the last reference and calls [`free`].
//! - The type is registered when the library is loaded and is never taken over by another version of it.
#![allow(unsafe_code, reason = "what rustler does for resources, without its map")]

use std::mem::MaybeUninit;
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

use rustler::sys::{
    ErlNifEnv, ErlNifResourceDtor, ErlNifResourceFlags, ErlNifResourceType, ErlNifResourceTypeInit, c_void,
    enif_alloc_resource, enif_get_resource, enif_init_resource_type, enif_make_resource,
    enif_release_resource,
};
use rustler::{Decoder, Env, Error, NifResult, Term};

use super::limiter::LimiterResource;

static TYPE: AtomicPtr<ErlNifResourceType> = AtomicPtr::new(ptr::null_mut());

/// Registers the type; called once, while the library is being loaded.
pub(crate) fn register(env: Env<'_>) -> bool {
    let init = ErlNifResourceTypeInit {
        dtor: free as *const ErlNifResourceDtor,
        stop: ptr::null(),
        down: ptr::null(),
        members: 1,
        dyncall: ptr::null(),
    };
    let mut flags = MaybeUninit::uninit();
    // SAFETY: the environment is that of the load; the name ends with a zero; the VM copies what it is pointed to.
    let registered = unsafe {
        enif_init_resource_type(
            env.as_c_arg(),
            c"outrigger_limit".as_ptr(),
            &init,
            ErlNifResourceFlags::ERL_NIF_RT_CREATE,
            flags.as_mut_ptr(),
        )
    };
    TYPE.store(registered.cast_mut(), Ordering::Release);
    !registered.is_null()
}

/// A reference to a limiter, which the VM owns from now on.
pub(super) fn make(env: Env<'_>, limiter: LimiterResource) -> Term<'_> {
    // SAFETY: the type is registered before any NIF can be called. The place is large and aligned enough for a pointer,
    // and is written before the first reference to it is made. Releasing leaves that reference as the only owner.
    unsafe {
        let place = enif_alloc_resource(TYPE.load(Ordering::Acquire), size_of::<*mut LimiterResource>());
        place.cast::<*mut LimiterResource>().write(Box::into_raw(Box::new(limiter)));
        let term = enif_make_resource(env.as_c_arg(), place);
        enif_release_resource(place);
        Term::new(env, term)
    }
}

/// The VM has lost the last reference.
unsafe extern "C" fn free(_: *mut ErlNifEnv, place: *mut c_void) {
    // SAFETY: the place holds what `make` has put there, and nobody looks at it any more.
    drop(unsafe { Box::from_raw(place.cast::<*mut LimiterResource>().read()) });
}

impl<'a> Decoder<'a> for &'a LimiterResource {
    #[inline]
    fn decode(term: Term<'a>) -> NifResult<Self> {
        let mut place = MaybeUninit::uninit();
        // SAFETY: the environment is the term's own; a place of this type holds a pointer to a limiter, which lives as long
        // as the term does, and so as long as its environment.
        unsafe {
            let kind = TYPE.load(Ordering::Acquire);
            if enif_get_resource(term.get_env().as_c_arg(), term.as_c_arg(), kind, place.as_mut_ptr()) == 0 {
                return Err(Error::BadArg);
            }
            Ok(&**place.assume_init().cast::<*const LimiterResource>())
        }
    }
}
