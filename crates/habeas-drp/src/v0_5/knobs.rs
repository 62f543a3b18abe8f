//! What may be done differently for single parties? The habits of implementations that are in use.

use habeas_core::dialect::Knob;

/// All of them.
pub(super) static KNOBS: [Knob; 9] = [
    STRICT,
    REQUIRE_AUD,
    ANY_ISSUER,
    REASON_EMPTY,
    REASON_ABSENT,
    OMIT_AUD,
    ADDRESS_AS_STRING,
    SAY_VOLUNTARY,
    UNDERSCORES,
];

pub(super) const STRICT: Knob = Knob {
    name: "strict",
    doc: "Refuse requests whose `meta` holds anything but `version`, or names another version than 0.5.",
};

pub(super) const REQUIRE_AUD: Knob = Knob {
    name: "require-aud",
    doc: "Refuse identity tokens without `aud`. Without this, those signed with a key that nobody else has are taken.",
};

pub(super) const ANY_ISSUER: Knob =
    Knob { name: "any-issuer", doc: "Take identity tokens of this party whatever their `iss` says." };

pub(super) const REASON_EMPTY: Knob =
    Knob { name: "reason-empty", doc: "In callbacks, write `reason` as an empty string where there is none." };

pub(super) const REASON_ABSENT: Knob =
    Knob { name: "reason-absent", doc: "In callbacks, leave `reason` out where there is none." };

pub(super) const OMIT_AUD: Knob = Knob {
    name: "omit-aud",
    doc: "Leave `aud` out of identity tokens, for parties whose library refuses every token that has one.",
};

pub(super) const ADDRESS_AS_STRING: Knob = Knob {
    name: "address-as-string",
    doc: "Write the claim `address` as one string instead of the object of OpenID Connect.",
};

pub(super) const SAY_VOLUNTARY: Knob = Knob {
    name: "say-voluntary",
    doc: "Write `regime` as `voluntary` where no law applies, instead of leaving it out.",
};

pub(super) const UNDERSCORES: Knob = Knob {
    name: "underscores",
    doc: "Write `sale:opt_out` and `sale:opt_in` where the party's discovery does not show how it spells them.",
};
