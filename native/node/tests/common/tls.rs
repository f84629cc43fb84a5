//! A certificate authority of the test's own, and the files that nodes want from it.

use std::fs::{self, Permissions};
use std::net::IpAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use outrigger_node::Tls;
use rcgen::{
    BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    SanType, date_time_ymd,
};

/// A CA in a folder that goes with it.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pub dir: tempfile::TempDir,
    cacertfile: PathBuf,
}

/// What a node's certificate says.
#[derive(Clone, Copy)]
pub struct Says<'a> {
    pub hosts: &'a [&'a str],
    pub expired: bool,
}

impl Authority {
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.distinguished_name.push(rcgen::DnType::CommonName, "the CA of a test");
        let cacertfile = dir.path().join("ca.pem");
        fs::write(&cacertfile, params.self_signed(&key).unwrap().pem()).unwrap();
        Self { issuer: Issuer::new(params, key), dir, cacertfile }
    }

    /// Certificate and key of a node on these hosts.
    pub fn node(&self, label: &str, hosts: &[&str]) -> Tls {
        self.issue(label, Says { hosts, expired: false })
    }

    pub fn issue(&self, label: &str, says: Says<'_>) -> Tls {
        let key = KeyPair::generate().unwrap();
        let hosts: Vec<String> = says.hosts.iter().map(|host| (*host).to_owned()).collect();
        let mut params = CertificateParams::new(hosts).unwrap();
        params.distinguished_name.push(rcgen::DnType::CommonName, label);
        // OTP looks for an address among the DNS names, rustls among the addresses.
        let also = says.hosts.iter().filter(|host| host.parse::<IpAddr>().is_ok());
        params.subject_alt_names.extend(also.map(|host| SanType::DnsName((*host).try_into().unwrap())));
        params.extended_key_usages =
            vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        if says.expired {
            params.not_before = date_time_ymd(2001, 1, 1);
            params.not_after = date_time_ymd(2002, 1, 1);
        }
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let tls = Tls {
            certfile: self.dir.path().join(format!("{label}.pem")),
            keyfile: self.dir.path().join(format!("{label}.key")),
            cacertfile: self.cacertfile.clone(),
        };
        fs::write(&tls.certfile, certificate.pem()).unwrap();
        fs::write(&tls.keyfile, key.serialize_pem()).unwrap();
        fs::set_permissions(&tls.keyfile, Permissions::from_mode(0o400)).unwrap();
        tls
    }
}

/// A file for `-ssl_dist_optfile`, as docs/tls.md has it, with more options for both roles.
pub fn optfile(dir: &Path, label: &str, tls: &Tls, more: &str) -> PathBuf {
    let path = dir.join(format!("{label}.config"));
    let Tls { certfile, keyfile, cacertfile } = tls;
    let files =
        format!("{{certfile, {certfile:?}}}, {{keyfile, {keyfile:?}}}, {{cacertfile, {cacertfile:?}}}");
    let text = format!(
        "[{{server, [{files}, {{verify, verify_peer}}, {{fail_if_no_peer_cert, true}}{more}]}},\n \
          {{client, [{files}, {{verify, verify_peer}}{more}]}}].\n"
    );
    fs::write(&path, text).unwrap();
    path
}
