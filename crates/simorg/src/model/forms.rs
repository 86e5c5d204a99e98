//! Forms that JSON lacks: maps with keys that are no text, bytes, and names that live in a table of their own.

/// A map as a list of pairs.
pub(crate) mod pairs {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(crate) fn serialize<'a, M, K, V, S>(map: &'a M, to: S) -> Result<S::Ok, S::Error>
    where
        &'a M: IntoIterator<Item = (&'a K, &'a V)>,
        K: Serialize + 'a,
        V: Serialize + 'a,
        S: Serializer,
    {
        to.collect_seq(map)
    }

    pub(crate) fn deserialize<'de, M, K, V, D>(from: D) -> Result<M, D::Error>
    where
        M: FromIterator<(K, V)> + IntoIterator<Item = (K, V)>,
        K: Deserialize<'de>,
        V: Deserialize<'de>,
        D: Deserializer<'de>,
    {
        Ok(Vec::<(K, V)>::deserialize(from)?.into_iter().collect())
    }
}

/// Bytes as base64.
pub(crate) mod bytes {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use bytes::Bytes;
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(held: &Bytes, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&STANDARD.encode(held))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Bytes, D::Error> {
        STANDARD.decode(String::deserialize(from)?).map(Bytes::from).map_err(D::Error::custom)
    }
}

/// Files by path, their bodies as base64.
pub(crate) mod files {
    use bytes::Bytes;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    struct File(String, #[serde(with = "super::bytes")] Bytes);

    pub(crate) fn serialize<S: Serializer>(held: &[(String, Bytes)], to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(held.iter().map(|(path, body)| File(path.clone(), body.clone())))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<(String, Bytes)>, D::Error> {
        let files = Vec::<File>::deserialize(from)?;
        Ok(files.into_iter().map(|File(path, body)| (path, body)).collect())
    }
}

/// Names of system permissions; those that this version does not know are passed over.
pub(crate) mod permission_names {
    use std::collections::BTreeSet;

    use serde::{Deserialize, Deserializer, Serializer};

    use crate::model::permissions::known;

    pub(crate) fn serialize<S: Serializer>(held: &BTreeSet<&'static str>, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(held)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<BTreeSet<&'static str>, D::Error> {
        Ok(Vec::<String>::deserialize(from)?.iter().filter_map(|name| known(name)).collect())
    }
}

/// The same, each switched on or off.
pub(crate) mod permission_switches {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Deserializer, Serializer};

    use crate::model::permissions::known;

    type Switches = BTreeMap<&'static str, bool>;

    pub(crate) fn serialize<S: Serializer>(held: &Switches, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(held)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Switches, D::Error> {
        let held = BTreeMap::<String, bool>::deserialize(from)?;
        Ok(held.iter().filter_map(|(name, on)| Some((known(name)?, *on))).collect())
    }
}
