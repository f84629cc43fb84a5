//! What this library is: for `mix outrigger.doctor`, which compares it with the VM.

/// The NIF version this library is compiled for (rustler's feature `nif_version_2_16`).
const NIF_VERSION: &str = "2.16";

/// Version and build of this library.
#[derive(rustler::NifMap)]
#[rustler(encode)]
struct Info {
    version: &'static str,
    nif_version: &'static str,
    arch: &'static str,
    os: &'static str,
}

#[rustler::nif]
fn nif_info() -> Info {
    Info {
        version: env!("CARGO_PKG_VERSION"),
        nif_version: NIF_VERSION,
        arch: std::env::consts::ARCH,
        os: std::env::consts::OS,
    }
}
