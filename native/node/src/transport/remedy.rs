//! What is wrong with the certificates of two nodes, in words, with the remedy.

use std::io;

use tokio_rustls::rustls::{AlertDescription, CertificateError, Error, InvalidMessage};

/// What a failure of TLS means. `None` when it is none: then it is the socket's.
pub(crate) fn refusal(error: &io::Error) -> Option<String> {
    let error = error.get_ref()?.downcast_ref::<Error>()?;
    Some(match error {
        Error::InvalidCertificate(error) => certificate(error),
        Error::NoCertificatesPresented => {
            "it shows no certificate; give it a certfile and a keyfile in its -ssl_dist_optfile".into()
        }
        Error::AlertReceived(alert) => told(*alert),
        Error::InvalidMessage(InvalidMessage::InvalidContentType) => {
            "it does not speak TLS; start it with -proto_dist inet_tls".into()
        }
        Error::PeerIncompatible(_) => {
            format!("it shares no version or cipher with us ({error}); allow TLS 1.2 or 1.3 there")
        }
        other => other.to_string(),
    })
}

fn certificate(error: &CertificateError) -> String {
    match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "its certificate has expired; renew it".into()
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "its certificate is not valid yet; check the clocks of both machines".into()
        }
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            "its certificate comes from a CA that we do not know; add that CA to our CA file, or give it a \
             certificate of ours"
                .into()
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "its certificate is not for the host of its name; issue one that has this host as subject \
             alternative name"
                .into()
        }
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            "its certificate is not for this use; issue one for both, serverAuth and clientAuth".into()
        }
        CertificateError::UnsupportedSignatureAlgorithmContext { .. }
        | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
            "its certificate is signed in a way that we do not know; issue one with RSA or ECDSA (P-256, P-384) and \
             SHA-256 or better"
                .into()
        }
        other if format!("{other:?}").contains("CaUsedAsEndEntity") => {
            "its certificate is that of a CA; have the CA issue one for the node".into()
        }
        other => format!("its certificate does not hold: {other}"),
    }
}

/// What the peer has against us.
fn told(alert: AlertDescription) -> String {
    match alert {
        AlertDescription::CertificateExpired => "it says that our certificate has expired; renew it".into(),
        AlertDescription::UnknownCA => {
            "it does not know the CA of our certificate; add that CA to its cacertfile, or give us a \
             certificate of its CA"
                .into()
        }
        AlertDescription::CertificateRequired => "it wants a certificate from us".into(),
        AlertDescription::BadCertificate
        | AlertDescription::UnsupportedCertificate
        | AlertDescription::CertificateRevoked
        | AlertDescription::CertificateUnknown => {
            format!(
                "it refuses our certificate ({alert:?}); look into its log, and at ours: openssl x509 -text"
            )
        }
        AlertDescription::HandshakeFailure
        | AlertDescription::InsufficientSecurity
        | AlertDescription::ProtocolVersion => {
            format!("it refuses our TLS ({alert:?}); does it ask for certificates, in TLS 1.2 or 1.3?")
        }
        other => format!("it ended TLS with the alert {other:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(error: Error) -> String {
        refusal(&io::Error::new(io::ErrorKind::InvalidData, error)).unwrap()
    }

    #[test]
    fn every_refusal_of_a_certificate_names_the_remedy() {
        for error in [
            Error::InvalidCertificate(CertificateError::Expired),
            Error::InvalidCertificate(CertificateError::NotValidYet),
            Error::InvalidCertificate(CertificateError::UnknownIssuer),
            Error::InvalidCertificate(CertificateError::NotValidForName),
            Error::InvalidCertificate(CertificateError::InvalidPurpose),
            Error::NoCertificatesPresented,
            Error::AlertReceived(AlertDescription::UnknownCA),
            Error::AlertReceived(AlertDescription::CertificateExpired),
            Error::AlertReceived(AlertDescription::CertificateUnknown),
            Error::AlertReceived(AlertDescription::HandshakeFailure),
            Error::AlertReceived(AlertDescription::InsufficientSecurity),
            Error::InvalidMessage(InvalidMessage::InvalidContentType),
        ] {
            let text = shown(error);
            assert!(text.contains("; "), "{text}");
        }
        assert_eq!(refusal(&io::ErrorKind::ConnectionReset.into()), None);
    }
}
