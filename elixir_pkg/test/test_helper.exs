Outrigger.Test.Cluster.ensure_epmd()

# How long what is waited for may take on a busy machine; it costs nothing where it comes at once.
patience = [assert_receive_timeout: 30_000, timeout: 180_000]
ExUnit.start([capture_log: true] ++ patience ++ Outrigger.Test.FailuresLast.options())
