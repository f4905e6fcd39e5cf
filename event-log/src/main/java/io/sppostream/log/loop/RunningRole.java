package io.sppostream.log.loop;

import java.util.Map;

/** A role at work, or about to be. Thread-safe. */
public interface RunningRole extends AutoCloseable {
    /** What the role needs before it does its work, by name; it works once all is ready. Answers at once. */
    Map<String, Readiness> readiness();

    /** Stops the role; a later start resumes from its last commit. */
    @Override
    void close();
}
