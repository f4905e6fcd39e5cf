package io.sppostream.compare;

/** What has become of a run of the comparison. */
public sealed interface CellOutcome {
    /** It has spent its budget. */
    record Finished(CellResult result) implements CellOutcome {}

    /**
     * It has failed. The same command tries again.
     *
     * @param reason in words
     */
    record Failed(String reason) implements CellOutcome {}
}
