package io.sppostream.events.catalogue;

import io.sppostream.events.TrainingStep;

/** How records of the ledger are read, whatever version wrote them. */
public final class LedgerRules {
    private LedgerRules() {}

    /** Groups trained up to and with a step. Former versions counted samples alone: their groups had one each. */
    public static long groupsTrained(TrainingStep step) {
        return step.getGroupsTrained() == 0 ? step.getSamplesTrained() : step.getGroupsTrained();
    }
}
