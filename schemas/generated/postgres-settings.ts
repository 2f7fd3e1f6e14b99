// Made by hack/generate-postgres-settings.ts from a running server. Do not edit.

/** The major version that the catalogue is of, and that the images of the runtime hold. */
export const POSTGRES_MAJOR = 17;

/** The server that was asked: PostgreSQL 17.11, 380 settings. */
export const POSTGRES_VERSION = '17.11';

/** Names of settings by context and type; in lower case, blank separated. */
export const SETTINGS = {
  internal: {
    bool: `
      data_checksums debug_assertions in_hot_standby integer_datetimes
    `,
    integer: `
      block_size data_directory_mode max_function_args max_identifier_length max_index_keys
      segment_size server_version_num shared_memory_size shared_memory_size_in_huge_pages
      wal_block_size wal_segment_size
    `,
    string: `
      server_encoding server_version ssl_library
    `,
    enum: `
      huge_pages_status
    `,
  },
  postmaster: {
    bool: `
      bonjour data_sync_retry hot_standby ignore_invalid_pages logging_collector
      recovery_target_inclusive trace_connection_negotiation track_commit_timestamp
      wal_log_hints
    `,
    integer: `
      autovacuum_freeze_max_age autovacuum_max_workers autovacuum_multixact_freeze_max_age
      commit_timestamp_buffers huge_page_size max_connections max_files_per_process
      max_locks_per_transaction max_logical_replication_workers max_notify_queue_pages
      max_pred_locks_per_transaction max_prepared_transactions max_replication_slots
      max_wal_senders max_worker_processes min_dynamic_shared_memory
      multixact_member_buffers multixact_offset_buffers notify_buffers port
      reserved_connections serializable_buffers shared_buffers subtransaction_buffers
      superuser_reserved_connections track_activity_query_size transaction_buffers
      unix_socket_permissions wal_buffers wal_decode_buffer_size
    `,
    string: `
      bonjour_name cluster_name config_file data_directory debug_io_direct event_source
      external_pid_file hba_file ident_file jit_provider listen_addresses recovery_target
      recovery_target_lsn recovery_target_name recovery_target_time recovery_target_timeline
      recovery_target_xid shared_preload_libraries unix_socket_directories unix_socket_group
    `,
    enum: `
      archive_mode dynamic_shared_memory_type huge_pages recovery_target_action
      shared_memory_type wal_level
    `,
  },
  sighup: {
    bool: `
      allow_alter_system autovacuum fsync full_page_writes gss_accept_delegation
      hot_standby_feedback krb_caseins_users log_checkpoints log_hostname
      log_recovery_conflict_waits log_truncate_on_rotation remove_temp_files_after_crash
      restart_after_crash send_abort_for_crash send_abort_for_kill ssl
      ssl_passphrase_command_supports_reload ssl_prefer_server_ciphers summarize_wal
      sync_replication_slots syslog_sequence_numbers syslog_split_messages
      wal_receiver_create_temp_slot
    `,
    integer: `
      archive_timeout authentication_timeout autovacuum_analyze_threshold autovacuum_naptime
      autovacuum_vacuum_cost_limit autovacuum_vacuum_insert_threshold
      autovacuum_vacuum_threshold autovacuum_work_mem bgwriter_delay bgwriter_flush_after
      bgwriter_lru_maxpages checkpoint_flush_after checkpoint_timeout checkpoint_warning
      log_autovacuum_min_duration log_file_mode log_rotation_age log_rotation_size
      log_startup_progress_interval max_parallel_apply_workers_per_subscription
      max_pred_locks_per_page max_pred_locks_per_relation max_slot_wal_keep_size
      max_standby_archive_delay max_standby_streaming_delay
      max_sync_workers_per_subscription max_wal_size min_wal_size pre_auth_delay
      recovery_min_apply_delay wal_keep_size wal_receiver_status_interval
      wal_receiver_timeout wal_retrieve_retry_interval wal_summary_keep_time
      wal_writer_delay wal_writer_flush_after
    `,
    real: `
      autovacuum_analyze_scale_factor autovacuum_vacuum_cost_delay
      autovacuum_vacuum_insert_scale_factor autovacuum_vacuum_scale_factor
      bgwriter_lru_multiplier checkpoint_completion_target
    `,
    string: `
      archive_cleanup_command archive_command archive_library krb_server_keyfile
      log_destination log_directory log_filename log_line_prefix log_timezone
      primary_conninfo primary_slot_name recovery_end_command restore_command ssl_ca_file
      ssl_cert_file ssl_ciphers ssl_crl_dir ssl_crl_file ssl_dh_params_file ssl_ecdh_curve
      ssl_key_file ssl_passphrase_command synchronized_standby_slots
      synchronous_standby_names syslog_ident
    `,
    enum: `
      file_extend_method recovery_init_sync_method recovery_prefetch
      ssl_max_protocol_version ssl_min_protocol_version syslog_facility wal_sync_method
    `,
  },
  superuser: {
    bool: `
      allow_in_place_tablespaces allow_system_table_mods event_triggers
      ignore_checksum_failure jit_dump_bitcode lo_compat_privileges log_duration
      log_executor_stats log_lock_waits log_parser_stats log_planner_stats
      log_replication_commands log_statement_stats track_activities track_counts
      track_io_timing track_wal_io_timing update_process_title wal_init_zero wal_recycle
      zero_damaged_pages
    `,
    integer: `
      commit_delay deadlock_timeout debug_discard_caches log_min_duration_sample
      log_min_duration_statement log_parameter_max_length log_temp_files max_stack_depth
      temp_file_limit
    `,
    real: `
      log_statement_sample_rate log_transaction_sample_rate
    `,
    string: `
      backtrace_functions dynamic_library_path extension_destdir lc_messages
      output_plugin_libraries session_preload_libraries wal_consistency_checking
    `,
    enum: `
      compute_query_id log_error_verbosity log_min_error_statement log_min_messages
      log_statement session_replication_role track_functions wal_compression
    `,
  },
  user: {
    bool: `
      array_nulls check_function_bodies debug_pretty_print debug_print_parse
      debug_print_plan debug_print_rewritten default_transaction_deferrable
      default_transaction_read_only enable_async_append enable_bitmapscan enable_gathermerge
      enable_group_by_reordering enable_hashagg enable_hashjoin enable_incremental_sort
      enable_indexonlyscan enable_indexscan enable_material enable_memoize enable_mergejoin
      enable_nestloop enable_parallel_append enable_parallel_hash enable_partition_pruning
      enable_partitionwise_aggregate enable_partitionwise_join enable_presorted_aggregate
      enable_seqscan enable_sort enable_tidscan escape_string_warning exit_on_error geqo jit
      jit_expressions jit_tuple_deforming parallel_leader_participation
      quote_all_identifiers row_security standard_conforming_strings synchronize_seqscans
      trace_notify trace_sort transaction_deferrable transaction_read_only
      transform_null_equals
    `,
    integer: `
      backend_flush_after client_connection_check_interval commit_siblings
      default_statistics_target effective_cache_size effective_io_concurrency
      extra_float_digits from_collapse_limit geqo_effort geqo_generations geqo_pool_size
      geqo_threshold gin_fuzzy_search_limit gin_pending_list_limit
      idle_in_transaction_session_timeout idle_session_timeout io_combine_limit
      join_collapse_limit lock_timeout log_parameter_max_length_on_error
      logical_decoding_work_mem maintenance_io_concurrency maintenance_work_mem
      max_parallel_maintenance_workers max_parallel_workers max_parallel_workers_per_gather
      min_parallel_index_scan_size min_parallel_table_scan_size scram_iterations
      statement_timeout tcp_keepalives_count tcp_keepalives_idle tcp_keepalives_interval
      tcp_user_timeout temp_buffers transaction_timeout vacuum_buffer_usage_limit
      vacuum_cost_limit vacuum_cost_page_dirty vacuum_cost_page_hit vacuum_cost_page_miss
      vacuum_failsafe_age vacuum_freeze_min_age vacuum_freeze_table_age
      vacuum_multixact_failsafe_age vacuum_multixact_freeze_min_age
      vacuum_multixact_freeze_table_age wal_sender_timeout wal_skip_threshold work_mem
    `,
    real: `
      cpu_index_tuple_cost cpu_operator_cost cpu_tuple_cost cursor_tuple_fraction geqo_seed
      geqo_selection_bias hash_mem_multiplier jit_above_cost jit_inline_above_cost
      jit_optimize_above_cost parallel_setup_cost parallel_tuple_cost random_page_cost
      recursive_worktable_factor seq_page_cost vacuum_cost_delay
    `,
    string: `
      application_name client_encoding createrole_self_grant datestyle
      default_table_access_method default_tablespace default_text_search_config lc_monetary
      lc_numeric lc_time local_preload_libraries restrict_nonsystem_relation_kind
      search_path temp_tablespaces timezone timezone_abbreviations
    `,
    enum: `
      backslash_quote bytea_output client_min_messages constraint_exclusion
      debug_logical_replication_streaming debug_parallel_query default_toast_compression
      default_transaction_isolation icu_validation_level intervalstyle password_encryption
      plan_cache_mode stats_fetch_consistency synchronous_commit transaction_isolation
      xmlbinary xmloption
    `,
  },
  backend: {
    bool: `
      ignore_system_indexes
    `,
    integer: `
      post_auth_delay
    `,
  },
  'superuser-backend': {
    bool: `
      jit_debugging_support jit_profiling_support log_connections log_disconnections
    `,
  },
} as const;

/** What settings of type enum may be, with bars between; pg_settings leaves out other spellings. */
export const ENUM_VALUES: Readonly<Record<string, string>> = {
  archive_mode: 'always|on|off',
  backslash_quote: 'safe_encoding|on|off',
  bytea_output: 'escape|hex',
  client_min_messages: 'debug5|debug4|debug3|debug2|debug1|log|notice|warning|error',
  compute_query_id: 'auto|regress|on|off',
  constraint_exclusion: 'partition|on|off',
  debug_logical_replication_streaming: 'buffered|immediate',
  debug_parallel_query: 'off|on|regress',
  default_toast_compression: 'pglz|lz4',
  default_transaction_isolation: 'serializable|repeatable read|read committed|read uncommitted',
  dynamic_shared_memory_type: 'posix|sysv|mmap',
  file_extend_method: 'posix_fallocate|write_zeros',
  huge_pages: 'off|on|try',
  huge_pages_status: 'off|on|unknown',
  icu_validation_level: 'disabled|debug5|debug4|debug3|debug2|debug1|log|notice|warning|error',
  intervalstyle: 'postgres|postgres_verbose|sql_standard|iso_8601',
  log_error_verbosity: 'terse|default|verbose',
  log_min_error_statement:
    'debug5|debug4|debug3|debug2|debug1|info|notice|warning|error|log|fatal|panic',
  log_min_messages: 'debug5|debug4|debug3|debug2|debug1|info|notice|warning|error|log|fatal|panic',
  log_statement: 'none|ddl|mod|all',
  password_encryption: 'md5|scram-sha-256',
  plan_cache_mode: 'auto|force_generic_plan|force_custom_plan',
  recovery_init_sync_method: 'fsync|syncfs',
  recovery_prefetch: 'off|on|try',
  recovery_target_action: 'pause|promote|shutdown',
  session_replication_role: 'origin|replica|local',
  shared_memory_type: 'sysv|mmap',
  ssl_max_protocol_version: '|TLSv1|TLSv1.1|TLSv1.2|TLSv1.3',
  ssl_min_protocol_version: 'TLSv1|TLSv1.1|TLSv1.2|TLSv1.3',
  stats_fetch_consistency: 'none|cache|snapshot',
  synchronous_commit: 'local|remote_write|remote_apply|on|off',
  syslog_facility: 'local0|local1|local2|local3|local4|local5|local6|local7',
  track_functions: 'none|pl|all',
  transaction_isolation: 'serializable|repeatable read|read committed|read uncommitted',
  wal_compression: 'pglz|lz4|zstd|on|off',
  wal_level: 'minimal|replica|logical',
  wal_sync_method: 'fsync|fdatasync|open_sync|open_datasync',
  xmlbinary: 'base64|hex',
  xmloption: 'content|document',
};
