package io.sppostream.learn;

import io.sppostream.log.weights.WeightsPublisher;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;

/**
 * The end of a learner that is asked to stop. It finishes the step that it is training if that takes little time, and
 * writes a snapshot, so that the next start has nothing to train again. What takes longer is given up: a process has to
 * end soon after it is told to, and the next start recovers as after a crash. Thread-safe.
 */
final class Stopping {
    /** Time for the step in training. */
    private static final Duration STEP = Duration.ofSeconds(3);

    /** Time for step and snapshot; less than a {@link io.sppostream.log.loop.RoleThread} waits for its loop. */
    private static final Duration ALL = Duration.ofSeconds(8);

    /** Rate at which an idle machine reads weights from a model, hashes and sends them. */
    private static final long FAST_BYTES_PER_SECOND = 200_000_000;

    private final BooleanSupplier running;
    private boolean asked;
    private long askedAt;

    /** @param running false once the role is asked to stop */
    Stopping(BooleanSupplier running) {
        this.running = running;
    }

    /** Whether the role is to continue. */
    synchronized boolean isRunning() {
        if (!asked && !running.getAsBoolean()) {
            asked = true;
            askedAt = System.nanoTime();
        }
        return !asked;
    }

    /** Whether the step in training is to be given up. */
    boolean cancelsStep() {
        return isOver(STEP);
    }

    /** Whether a snapshot of a size is not worth beginning. */
    boolean leavesNoTimeFor(long bytes) {
        return bytes / FAST_BYTES_PER_SECOND >= ALL.minus(STEP).toSeconds() || isOver(ALL);
    }

    /** A source whose writing fails with a {@link CancellationException} if it takes too long. */
    WeightsPublisher.Source limited(WeightsPublisher.Source source) {
        return channel -> source.writeTo(new Limited(channel));
    }

    private synchronized boolean isOver(Duration time) {
        return !isRunning() && System.nanoTime() - askedAt > time.toNanos();
    }

    private final class Limited implements WritableByteChannel {
        private final WritableByteChannel channel;

        Limited(WritableByteChannel channel) {
            this.channel = channel;
        }

        @Override
        public int write(ByteBuffer source) throws IOException {
            if (isOver(ALL)) {
                throw new CancellationException("writing a snapshot takes more than " + ALL.toSeconds() + " s");
            }
            return channel.write(source);
        }

        @Override
        public boolean isOpen() {
            return channel.isOpen();
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }
}
