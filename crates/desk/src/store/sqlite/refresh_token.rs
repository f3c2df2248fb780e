//! Refresh tokens of REST, kept by their hash until they are spent or too old.

use rusqlite::{Connection, OptionalExtension, params};

use crate::fault::Trouble;
use crate::rows::value::Link;
use crate::store::refresh_token::Grant;

/// Keeps a token until `expires_s`; forgets those that are too old at `now_s` (seconds since 1970).
pub(crate) fn keep(
    transaction: &Connection,
    token_hash: &str,
    grant: &Grant,
    now_s: i64,
    expires_s: i64,
) -> Result<(), Trouble> {
    transaction.execute("DELETE FROM desk_refresh_token WHERE expires_s <= ?1", [now_s])?;
    transaction.execute(
        "INSERT INTO desk_refresh_token \
         (token_hash, user_type, user_id, auth_type, sudo_as_login, session_uuid, expires_s) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![
            token_hash,
            grant.user.0,
            grant.user.1,
            grant.auth_type,
            grant.sudo_as_login,
            grant.session_uuid,
            expires_s
        ],
    )?;
    Ok(())
}

/// Takes a token out; none when it was spent, is too old or was never given.
pub(crate) fn spend(
    transaction: &Connection,
    token_hash: &str,
    now_s: i64,
) -> Result<Option<Grant>, Trouble> {
    let spent = transaction
        .query_row(
            "DELETE FROM desk_refresh_token WHERE token_hash = ?1 \
             RETURNING user_type, user_id, auth_type, sudo_as_login, session_uuid, expires_s",
            [token_hash],
            |row| {
                let grant = Grant {
                    user: (row.get(0)?, row.get(1)?),
                    auth_type: row.get(2)?,
                    sudo_as_login: row.get(3)?,
                    session_uuid: row.get(4)?,
                };
                Ok((grant, row.get::<_, i64>(5)?))
            },
        )
        .optional()?;
    Ok(spent.filter(|(_, expires_s)| *expires_s > now_s).map(|(grant, _)| grant))
}

/// Takes out all tokens of a user or script.
pub(crate) fn end_all(transaction: &Connection, user: &Link) -> Result<(), Trouble> {
    let sql = "DELETE FROM desk_refresh_token WHERE user_type = ?1 AND user_id = ?2";
    transaction.execute(sql, params![user.0, user.1])?;
    Ok(())
}
