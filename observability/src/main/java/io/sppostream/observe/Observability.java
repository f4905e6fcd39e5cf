package io.sppostream.observe;

import io.sppostream.log.EventSerdes;
import io.sppostream.log.KafkaSettings;
import io.sppostream.log.LogObserver;
import io.sppostream.log.UserException;
import io.sppostream.log.loop.Readiness;
import java.util.Map;
import java.util.function.Supplier;

/** What a process shows of itself. Thread-safe. */
public interface Observability extends AutoCloseable {
    /** Shows nothing and costs nothing. */
    Observability NONE = new Observability() {
        @Override
        public LogObserver observer() {
            return LogObserver.NONE;
        }

        @Override
        public KafkaSettings observed(KafkaSettings kafka) {
            return kafka;
        }

        @Override
        public void checkCluster(KafkaSettings kafka, EventSerdes serdes) {}

        @Override
        public void leaveCluster() {}

        @Override
        public void checkRoles(Supplier<Map<String, Readiness>> readiness) {}

        @Override
        public void failed() {}

        @Override
        public void close() {}
    };

    /**
     * Opens the port of a process with {@code /health/live}, {@code /health/ready} and {@code /metrics}.
     *
     * @param host address to listen on
     * @param port to listen on; 0 opens none
     * @param run label of all metrics
     * @throws UserException if the port is taken, or the host is not one of this machine
     */
    static Observability open(String host, int port, String run) {
        return port == 0 ? NONE : ObservedProcess.open(host, port, run);
    }

    /** Counts what the roles do. */
    LogObserver observer();

    /** Settings whose clients of consumer groups and of transactions are measured. */
    KafkaSettings observed(KafkaSettings kafka);

    /** Readiness depends on the cluster and its registry from now on. */
    void checkCluster(KafkaSettings kafka, EventSerdes serdes);

    /** The cluster is about to stop, or is no longer needed: the process is not ready from now on. */
    void leaveCluster();

    /**
     * Readiness depends on roles from now on.
     *
     * @param readiness answers at once
     */
    void checkRoles(Supplier<Map<String, Readiness>> readiness);

    /** A role has failed: the process is no longer alive. */
    void failed();

    @Override
    void close();
}
