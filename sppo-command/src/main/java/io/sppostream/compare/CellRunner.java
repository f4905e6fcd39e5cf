package io.sppostream.compare;

import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/** Takes the runs of a comparison. */
public interface CellRunner {
    /**
     * What is recorded of a run.
     *
     * @return empty if nothing is
     * @throws io.sppostream.log.UserException if the record cannot be read, or the run was begun with other settings
     */
    Optional<CellResult> recorded(Cell cell);

    /**
     * Starts or resumes a run and waits for its end.
     *
     * @param progress takes lines about the run while it lasts
     * @param stopRequested polled several times a second; the run stops once it is true
     * @return empty if the run was stopped
     */
    Optional<CellOutcome> run(Cell cell, Consumer<String> progress, BooleanSupplier stopRequested)
            throws InterruptedException;
}
