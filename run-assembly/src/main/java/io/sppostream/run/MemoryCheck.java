package io.sppostream.run;

import io.sppostream.log.UserException;
import io.sppostream.model.Checkpoint;
import io.sppostream.model.Tokenizer;
import io.sppostream.run.config.Datasets;
import io.sppostream.run.config.RunSettings;
import io.sppostream.run.memory.MemoryInputs;
import io.sppostream.run.memory.MemoryReport;
import io.sppostream.run.models.Models;
import java.util.Optional;

/** Plans the memory of a run, and refuses one that cannot fit. */
public final class MemoryCheck {
    private MemoryCheck() {}

    /**
     * The memory plan of a run against the devices of this machine.
     *
     * @throws UserException if the dataset or a model is not available
     */
    public static MemoryReport report(RunSettings settings) {
        Checkpoint policy = Models.policy(settings);
        try (Tokenizer tokenizer = policy.tokenizer()) {
            return report(settings, policy, MemoryInputs.promptTokens(Datasets.open(settings), tokenizer));
        }
    }

    private static MemoryReport report(RunSettings settings, Checkpoint policy, int promptTokens) {
        return MemoryReport.of(settings, policy.config(), Models.criticConfig(settings, policy), promptTokens);
    }

    /**
     * Checks that a run fits the devices of this machine.
     *
     * @param local the roles of the run, all in this process
     * @return a warning if it hardly does, or does not and the settings allow that
     * @throws UserException if it does not fit
     */
    static Optional<String> require(RunSettings settings, LocalRoles local) {
        Checkpoint policy = local.checkpoint();
        // Prompts are read and encoded only if the longest that are possible leave a doubt.
        MemoryReport longest = report(settings, policy, policy.config().maxPositions());
        if (longest.fits() && !longest.isTight()) {
            return Optional.empty();
        }
        MemoryReport report = report(settings, policy, MemoryInputs.promptTokens(local.dataset(), local.tokenizer()));
        if (!report.fits() && settings.checksMemory()) {
            throw new UserException(report.problem() + ". ./sppo plan shows where it goes; memory.check=false starts"
                    + " the run anyway");
        }
        return report.fits() && !report.isTight() ? Optional.empty() : Optional.of(report.problem());
    }
}
