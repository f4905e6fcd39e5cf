package io.sppostream.log.loop;

import org.apache.kafka.common.errors.InvalidProducerEpochException;
import org.apache.kafka.common.errors.InvalidTxnStateException;
import org.apache.kafka.common.errors.ProducerFencedException;

/**
 * Recognizes the errors by which a producer learns that the cluster has ended its transaction: because a new producer
 * with the same id has started, or because the transaction was open for too long. Stateless.
 */
final class Fencing {
    private static final String COORDINATOR_FAILED =
            "Unhandled error in EndTxnResponse: The server experienced an unexpected error";

    private Fencing() {}

    /** Whether an error or one of its causes is such an error. */
    static boolean isFenced(Throwable error) {
        for (Throwable cause = error; cause != null; cause = cause.getCause()) {
            // InvalidTxnStateException: the commit arrives after the transaction was aborted, and no new producer has
            // begun one. The text: the commit arrives during the abort, where Kafka 4.3's coordinator fails with
            // "Preparing transaction state transition to ONGOING while it already a pending state
            // PREPARE_EPOCH_FENCE".
            if (cause instanceof ProducerFencedException
                    || cause instanceof InvalidProducerEpochException
                    || cause instanceof InvalidTxnStateException
                    || String.valueOf(cause.getMessage()).startsWith(COORDINATOR_FAILED)) {
                return true;
            }
        }
        return false;
    }
}
