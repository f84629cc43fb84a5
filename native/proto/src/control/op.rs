//! The operations, by the names that OTP's `dist.h` gives them.

macro_rules! operations {
    ($($(#[$doc:meta])* $name:ident = $number:literal, $payload:literal, $text:literal;)*) => {
        /// An operation of a control message.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Op {
            $($(#[$doc])* $name = $number,)*
        }

        impl Op {
            /// Every operation.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The operation with this number.
            pub const fn from_number(number: i64) -> Option<Self> {
                match number {
                    $($number => Some(Self::$name),)*
                    _ => None,
                }
            }

            /// Whether a payload follows the control message.
            pub const fn has_payload(self) -> bool {
                match self {
                    $(Self::$name => $payload,)*
                }
            }

            /// The name in the protocol's documentation.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

operations! {
    /// `{1, From, To}`
    Link = 1, false, "LINK";
    /// `{2, Unused, ToPid}`
    Send = 2, true, "SEND";
    /// `{3, From, To, Reason}`
    Exit = 3, false, "EXIT";
    /// `{4, From, To}`, not used from OTP 26 on
    Unlink = 4, false, "UNLINK";
    /// `{5}`, never sent by a BEAM
    NodeLink = 5, false, "NODE_LINK";
    /// `{6, From, Unused, ToName}`
    RegSend = 6, true, "REG_SEND";
    /// `{7, From, To}`
    GroupLeader = 7, false, "GROUP_LEADER";
    /// `{8, From, To, Reason}`
    Exit2 = 8, false, "EXIT2";
    /// `{12, Unused, ToPid, Token}`
    SendTt = 12, true, "SEND_TT";
    /// `{13, From, To, Token, Reason}`
    ExitTt = 13, false, "EXIT_TT";
    /// `{16, From, Unused, ToName, Token}`
    RegSendTt = 16, true, "REG_SEND_TT";
    /// `{18, From, To, Token, Reason}`
    Exit2Tt = 18, false, "EXIT2_TT";
    /// `{19, From, ToProc, Ref}`
    MonitorP = 19, false, "MONITOR_P";
    /// `{20, From, ToProc, Ref}`
    DemonitorP = 20, false, "DEMONITOR_P";
    /// `{21, FromProc, To, Ref, Reason}`
    MonitorPExit = 21, false, "MONITOR_P_EXIT";
    /// `{22, From, To}`
    SendSender = 22, true, "SEND_SENDER";
    /// `{23, From, To, Token}`
    SendSenderTt = 23, true, "SEND_SENDER_TT";
    /// `{24, From, To}`
    PayloadExit = 24, true, "PAYLOAD_EXIT";
    /// `{25, From, To, Token}`
    PayloadExitTt = 25, true, "PAYLOAD_EXIT_TT";
    /// `{26, From, To}`
    PayloadExit2 = 26, true, "PAYLOAD_EXIT2";
    /// `{27, From, To, Token}`
    PayloadExit2Tt = 27, true, "PAYLOAD_EXIT2_TT";
    /// `{28, FromProc, To, Ref}`
    PayloadMonitorPExit = 28, true, "PAYLOAD_MONITOR_P_EXIT";
    /// `{29, ReqId, From, GroupLeader, {M, F, A}, Opts}`
    SpawnRequest = 29, true, "SPAWN_REQUEST";
    /// `{30, ReqId, From, GroupLeader, {M, F, A}, Opts, Token}`
    SpawnRequestTt = 30, true, "SPAWN_REQUEST_TT";
    /// `{31, ReqId, To, Flags, Result}`
    SpawnReply = 31, false, "SPAWN_REPLY";
    /// `{32, ReqId, To, Flags, Result, Token}`
    SpawnReplyTt = 32, false, "SPAWN_REPLY_TT";
    /// `{33, From, Alias}`
    AliasSend = 33, true, "ALIAS_SEND";
    /// `{34, From, Alias, Token}`
    AliasSendTt = 34, true, "ALIAS_SEND_TT";
    /// `{35, Id, From, To}`
    UnlinkId = 35, false, "UNLINK_ID";
    /// `{36, Id, From, To}`
    UnlinkIdAck = 36, false, "UNLINK_ID_ACK";
    /// `{37, Flags, From, To[, Token]}`, OTP 28
    AltactSigSend = 37, true, "ALTACT_SIG_SEND";
}

impl Op {
    /// The number on the wire.
    pub const fn number(self) -> u8 {
        self as u8
    }
}
