package io.sppostream.log.loop;

import org.apache.kafka.common.errors.InvalidProducerEpochException;
import org.apache.kafka.common.errors.InvalidTxnStateException;
import org.apache.kafka.common.errors.ProducerFencedException;

/**
 * What a client is told of a transaction of its own that the cluster has ended: for a new producer of the same id, or
 * because it was open for too long.
 */
final class Fencing {
    private static final String COORDINATOR_FAILED =
            "Unhandled error in EndTxnResponse: The server experienced an unexpected error";

    private Fencing() {}

    /** Whether an error, or one of its causes, is that. */
    static boolean isFenced(Throwable error) {
        for (Throwable cause = error; cause != null; cause = cause.getCause()) {
            // The third where a commit comes when the transaction has been ended and no new producer has begun one.
            // The text where it comes while that is being done: Kafka 4.3's coordinator fails there ("Preparing
            // transaction state transition to ONGOING while it already a pending state PREPARE_EPOCH_FENCE").
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
