//! The category of each error number, one line each, in the order of the numbers.
//!
//! The symbol leads to the vendor's words: those of `MYSQL` (and of MariaDB where the number is the same) at
//! <https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html#error_SYMBOL>, with `SYMBOL` in lower
//! case, those of `MARIADB` at <https://mariadb.com/kb/en/mariadb-error-code-reference/>.

use quillback_plugin_api::Category;
use quillback_plugin_api::Category as C;

/// The category of an error number; `Other` for one that is not listed.
pub(super) fn category(code: u16) -> Category {
    let found = NUMBERS.binary_search_by_key(&code, |(code, ..)| *code);
    let line = found.ok().and_then(|at| NUMBERS.get(at));
    line.map_or(C::Other, |(_, category, _)| *category)
}

#[rustfmt::skip]
const NUMBERS: &[(u16, Category, &str)] = &[
    (1007, C::AlreadyExists, "MYSQL: er_db_create_exists"),
    (1020, C::Conflict, "MYSQL: er_checkread"), // the row changed since it was read
    (1021, C::Resource, "MYSQL: er_disk_full"),
    (1022, C::Unique, "MYSQL: er_dup_key"),
    (1026, C::Resource, "MYSQL: er_error_on_write"),
    (1037, C::Resource, "MYSQL: er_outofmemory"),
    (1038, C::Resource, "MYSQL: er_out_of_sortmemory"),
    (1040, C::Unavailable, "MYSQL: er_con_count_error"),
    (1041, C::Resource, "MYSQL: er_out_of_resources"),
    (1044, C::Permission, "MYSQL: er_dbaccess_denied_error"),
    (1045, C::Auth, "MYSQL: er_access_denied_error"),
    (1046, C::NotFound, "MYSQL: er_no_db_error"),
    (1047, C::Unavailable, "MYSQL: er_unknown_com_error"), // a Galera node that is not ready
    (1048, C::NotNull, "MYSQL: er_bad_null_error"),
    (1049, C::NotFound, "MYSQL: er_bad_db_error"),
    (1050, C::AlreadyExists, "MYSQL: er_table_exists_error"),
    (1051, C::NotFound, "MYSQL: er_bad_table_error"),
    (1053, C::Unavailable, "MYSQL: er_server_shutdown"),
    (1054, C::NotFound, "MYSQL: er_bad_field_error"),
    (1059, C::Unsupported, "MYSQL: er_too_long_ident"),
    (1060, C::AlreadyExists, "MYSQL: er_dup_fieldname"),
    (1061, C::AlreadyExists, "MYSQL: er_dup_keyname"),
    (1062, C::Unique, "MYSQL: er_dup_entry"),
    (1064, C::Syntax, "MYSQL: er_parse_error"),
    (1067, C::InvalidData, "MYSQL: er_invalid_default"),
    (1069, C::Unsupported, "MYSQL: er_too_many_keys"),
    (1070, C::Unsupported, "MYSQL: er_too_many_key_parts"),
    (1071, C::Unsupported, "MYSQL: er_too_long_key"),
    (1072, C::NotFound, "MYSQL: er_key_column_does_not_exits"),
    (1074, C::Unsupported, "MYSQL: er_too_big_fieldlength"),
    (1075, C::Unsupported, "MYSQL: er_wrong_auto_key"),
    (1091, C::NotFound, "MYSQL: er_cant_drop_field_or_key"),
    (1101, C::Unsupported, "MYSQL: er_blob_cant_have_default"),
    (1109, C::NotFound, "MYSQL: er_unknown_table"),
    (1114, C::Resource, "MYSQL: er_record_file_full"),
    (1117, C::Unsupported, "MYSQL: er_too_many_fields"),
    (1118, C::Unsupported, "MYSQL: er_too_big_rowsize"),
    (1129, C::Unavailable, "MYSQL: er_host_is_blocked"),
    (1130, C::Auth, "MYSQL: er_host_not_privileged"),
    (1135, C::Resource, "MYSQL: er_cant_create_thread"),
    (1138, C::NotNull, "MYSQL: er_invalid_use_of_null"),
    (1142, C::Permission, "MYSQL: er_tableaccess_denied_error"),
    (1143, C::Permission, "MYSQL: er_columnaccess_denied_error"),
    (1146, C::NotFound, "MYSQL: er_no_such_table"),
    (1149, C::Syntax, "MYSQL: er_syntax_error"),
    (1152, C::Connect, "MYSQL: er_aborting_connection"),
    (1153, C::Resource, "MYSQL: er_net_packet_too_large"),
    (1156, C::Connect, "MYSQL: er_net_packets_out_of_order"),
    (1157, C::Connect, "MYSQL: er_net_uncompress_error"),
    (1158, C::Connect, "MYSQL: er_net_read_error"),
    (1159, C::Connect, "MYSQL: er_net_read_interrupted"),
    (1160, C::Connect, "MYSQL: er_net_error_on_write"),
    (1161, C::Connect, "MYSQL: er_net_write_interrupted"),
    (1169, C::Unique, "MYSQL: er_dup_unique"),
    (1170, C::Unsupported, "MYSQL: er_blob_key_without_length"),
    (1176, C::NotFound, "MYSQL: er_key_does_not_exits"),
    (1184, C::Connect, "MYSQL: er_new_aborting_connection"),
    (1197, C::Resource, "MYSQL: er_trans_cache_full"),
    (1203, C::Unavailable, "MYSQL: er_too_many_user_connections"),
    (1205, C::Timeout, "MYSQL: er_lock_wait_timeout"),
    (1206, C::Resource, "MYSQL: er_lock_table_full"),
    (1213, C::Conflict, "MYSQL: er_lock_deadlock"),
    (1216, C::ForeignKey, "MYSQL: er_no_referenced_row"),
    (1217, C::ForeignKey, "MYSQL: er_row_is_referenced"),
    (1226, C::Unavailable, "MYSQL: er_user_limit_reached"),
    (1227, C::Permission, "MYSQL: er_specific_access_denied_error"),
    (1235, C::Unsupported, "MYSQL: er_not_supported_yet"),
    (1251, C::Auth, "MYSQL: er_not_supported_auth_mode"),
    (1263, C::NotNull, "MYSQL: er_warn_null_to_notnull"),
    (1264, C::InvalidData, "MYSQL: er_warn_data_out_of_range"),
    (1265, C::InvalidData, "MYSQL: warn_data_truncated"),
    (1267, C::InvalidData, "MYSQL: er_cant_aggregate_2collations"),
    (1288, C::Unsupported, "MYSQL: er_non_updatable_table"),
    (1290, C::Permission, "MYSQL: er_option_prevents_statement"), // the server is read-only
    (1292, C::InvalidData, "MYSQL: er_truncated_wrong_value"),
    (1295, C::Unsupported, "MYSQL: er_unsupported_ps"),
    (1300, C::InvalidData, "MYSQL: er_invalid_character_string"),
    (1317, C::Cancelled, "MYSQL: er_query_interrupted"),
    (1347, C::Unsupported, "MYSQL: er_wrong_object"),
    (1364, C::NotNull, "MYSQL: er_no_default_for_field"),
    (1365, C::InvalidData, "MYSQL: er_division_by_zero"),
    (1366, C::InvalidData, "MYSQL: er_truncated_wrong_value_for_field"),
    (1367, C::InvalidData, "MYSQL: er_illegal_value_for_type"),
    (1369, C::Constraint, "MYSQL: er_view_check_failed"),
    (1370, C::Permission, "MYSQL: er_procaccess_denied_error"),
    (1390, C::Resource, "MYSQL: er_ps_many_param"),
    (1406, C::InvalidData, "MYSQL: er_data_too_long"),
    (1411, C::InvalidData, "MYSQL: er_wrong_value_for_type"),
    (1412, C::Conflict, "MYSQL: er_table_def_changed"),
    (1416, C::InvalidData, "MYSQL: er_cant_create_geometry_object"),
    (1441, C::InvalidData, "MYSQL: er_datetime_function_overflow"),
    (1451, C::ForeignKey, "MYSQL: er_row_is_referenced_2"),
    (1452, C::ForeignKey, "MYSQL: er_no_referenced_row_2"),
    (1461, C::Resource, "MYSQL: er_max_prepared_stmt_count_reached"),
    (1471, C::Unsupported, "MYSQL: er_non_insertable_table"),
    (1525, C::InvalidData, "MYSQL: er_wrong_value"),
    (1586, C::Unique, "MYSQL: er_dup_entry_with_key_name"),
    (1613, C::Conflict, "MYSQL: er_xa_rbtimeout"),
    (1614, C::Conflict, "MYSQL: er_xa_rbdeadlock"),
    (1615, C::Conflict, "MYSQL: er_need_reprepare"),
    (1644, C::Constraint, "MYSQL: er_signal_exception"), // a trigger refused
    (1665, C::Unsupported, "MYSQL: er_binlog_stmt_mode_and_row_engine"),
    (1690, C::InvalidData, "MYSQL: er_data_out_of_range"),
    (1698, C::Auth, "MYSQL: er_access_denied_no_password_error"),
    (1701, C::ForeignKey, "MYSQL: er_truncate_illegal_fk"),
    (1792, C::Permission, "MYSQL: er_cant_execute_in_read_only_transaction"),
    (1820, C::Auth, "MYSQL: er_must_change_password"),
    (1826, C::AlreadyExists, "MYSQL: er_fk_dup_name"),
    (1836, C::Permission, "MYSQL: er_read_only_mode"),
    (1859, C::Unique, "MYSQL: er_dup_unknown_in_index"),
    (1862, C::Auth, "MYSQL: er_must_change_password_login"),
    (1906, C::InvalidData, "MARIADB: er_warning_non_default_value_for_generated_column"),
    (1927, C::Cancelled, "MARIADB: er_connection_killed"),
    (1969, C::Timeout, "MARIADB: er_statement_timeout"),
    (2006, C::Connect, "MYSQL: cr_server_gone_error"),
    (2013, C::Connect, "MYSQL: cr_server_lost"),
    (3024, C::Timeout, "MYSQL: er_query_timeout"),
    (3032, C::Unavailable, "MYSQL: er_server_offline_mode"),
    (3101, C::Conflict, "MYSQL: er_transaction_rollback_during_commit"),
    (3105, C::InvalidData, "MYSQL: er_non_default_value_for_generated_column"),
    (3118, C::Auth, "MYSQL: er_account_has_been_locked"),
    (3140, C::InvalidData, "MYSQL: er_invalid_json_text"),
    (3141, C::InvalidData, "MYSQL: er_invalid_json_text_in_param"),
    (3156, C::InvalidData, "MYSQL: er_invalid_json_value_for_cast"),
    (3572, C::Conflict, "MYSQL: er_lock_nowait"),
    (3730, C::ForeignKey, "MYSQL: er_fk_cannot_drop_parent"),
    (3819, C::Check, "MYSQL: er_check_constraint_violated"),
    (3822, C::AlreadyExists, "MYSQL: er_check_constraint_dup_name"),
    (3854, C::InvalidData, "MYSQL: er_cannot_convert_string"),
    (4025, C::Check, "MARIADB: er_constraint_failed"),
    (4031, C::Connect, "MYSQL: er_client_interaction_timeout"),
    (4151, C::Auth, "MARIADB: er_account_has_been_locked"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_listed_once_and_in_order() {
        assert!(NUMBERS.windows(2).all(|pair| pair[0].0 < pair[1].0));
        assert!(NUMBERS.iter().all(|(_, _, symbol)| symbol.contains(": er_")
            || symbol.contains(": cr_")
            || symbol.contains(": warn_")));
    }
}
