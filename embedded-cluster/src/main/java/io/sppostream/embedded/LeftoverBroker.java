package io.sppostream.embedded;

import java.io.IOException;
import java.nio.file.Files;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The broker of an earlier run that was killed. It stops by itself, but may take a while. Stateless. */
final class LeftoverBroker {
    private static final Logger log = LoggerFactory.getLogger(LeftoverBroker.class);
    private static final long POLL_MILLIS = 20;

    private LeftoverBroker() {}

    /**
     * Waits for the leftover broker of a directory to end, and kills it if it does not.
     *
     * @throws EmbeddedException if it cannot be ended
     */
    static void end(DataDirectory directory) {
        BrokerState state = BrokerState.read(directory.brokerState()).orElse(null);
        if (state != null && state.process(directory.brokerProperties()).isPresent()) {
            log.warn("the broker of a killed run, process {}, is still stopping: waiting for it", state.pid());
            if (!ends(state, directory)) {
                log.warn(
                        "it has not ended within {} s: killing it; the log recovers as after any crash",
                        EmbeddedBroker.STOP_SECONDS);
                state.process(directory.brokerProperties()).ifPresent(ProcessHandle::destroyForcibly);
                if (!ends(state, directory)) {
                    throw new EmbeddedException("the broker of a killed run, process " + state.pid() + ", holds "
                            + directory.path() + " and can't be killed: kill it by hand, or give another --data-dir");
                }
            }
        }
        try {
            Files.deleteIfExists(directory.brokerState());
        } catch (IOException e) {
            throw new EmbeddedException(directory.brokerState() + " can't be removed: " + e.getMessage(), e);
        }
    }

    /**
     * Whether the process ends in time. It is polled, since it is not a child of this one: {@link ProcessHandle#onExit()}
     * would also wait for a zombie, until someone reaps it.
     */
    private static boolean ends(BrokerState state, DataDirectory directory) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(EmbeddedBroker.STOP_SECONDS);
        while (state.process(directory.brokerProperties()).isPresent()) {
            if (System.nanoTime() > deadline) {
                return false;
            }
            try {
                Thread.sleep(POLL_MILLIS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new EmbeddedException("interrupted while waiting for process " + state.pid() + " to end", e);
            }
        }
        return true;
    }
}
