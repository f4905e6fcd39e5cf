package io.sppostream.cli;

import io.sppostream.history.recorded.RecordedRun;
import io.sppostream.history.replay.ReplayPlan;
import io.sppostream.history.replay.ReplayRange;
import io.sppostream.history.replay.ReplayRun;
import io.sppostream.run.WritableDirectory;
import io.sppostream.run.config.Configuration;
import io.sppostream.run.config.RecordedVerifiers;
import io.sppostream.run.config.SettingsDefinition;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code ./sppo replay}: recorded samples through another verifier, estimator, critic or learner. */
@Command(
        name = "replay",
        description =
                "Replay the samples of a run with another verifier, estimator, critic or learner into a new namespace.",
        mixinStandardHelpOptions = true)
final class ReplayCommand implements Callable<Integer> {
    @Option(names = "--from", paramLabel = "RUN", required = true, description = "Name of the run to replay.")
    private String from = "";

    @Option(names = "--into", paramLabel = "NAME", required = true, description = "Name of the new namespace.")
    private String into = "";

    @Spec
    private CommandSpec command = CommandSpec.create();

    @Mixin
    private ClusterOptions cluster = new ClusterOptions();

    @Option(
            names = "--set",
            paramLabel = "SETTING=VALUE",
            description = "A setting that differs from the run's; repeatable.")
    private Map<String, String> changes = new HashMap<>();

    @Option(names = "--verifier", paramLabel = "NAME", description = "Judge again with this verifier.")
    private @Nullable String verifier;

    @Option(
            names = "--estimator",
            paramLabel = "NAME",
            description = "Compute the advantages with this estimator. The run must have recorded what it reads.")
    private @Nullable String estimator;

    @Option(
            names = "--judge-again",
            description =
                    "Judge again even if no verifier setting changes, including rollouts that the run has not trained"
                            + " on. By default the recorded verdicts are used.")
    private boolean judgeAgain;

    @Option(
            names = "--trust-recorded-plugins",
            description =
                    "Load the plugins and call the HTTP services that the record of the run names. By default only"
                            + " those that your own configuration names.")
    private boolean trustRecorded;

    @Option(
            names = "--score-again",
            description = "Train a critic and score again even if no critic setting changes. By default the recorded"
                    + " values are used.")
    private boolean scoreAgain;

    @Option(names = "--only-advantages", description = "Do not train a policy: stop after the advantages.")
    private boolean onlyAdvantages;

    @Option(names = "--from-offset", paramLabel = "N", description = "First offset, on each partition of advantages.")
    private @Nullable Long fromOffset;

    @Option(names = "--to-offset", paramLabel = "N", description = "The offset after the last.")
    private @Nullable Long toOffset;

    @Option(
            names = "--from-time",
            paramLabel = "TIME",
            description = "Samples of this time or later, as 2026-01-02T03:04:05Z.")
    private @Nullable Instant fromTime;

    @Option(names = "--to-time", paramLabel = "TIME", description = "Samples before this time.")
    private @Nullable Instant toTime;

    @Option(names = "--runs-dir", paramLabel = "DIR", description = "Folder for the report.")
    private @Nullable String runsDirectory;

    @Override
    public Integer call() throws InterruptedException {
        ReplayRange range = range();
        Configuration here = cluster.load(from, runsDirectory);
        requireReports(here);
        try (RecordedRun run = RecordedRun.open(here)) {
            Map<String, String> given = changes(here);
            Configuration recorded =
                    Configuration.recorded(run.lastTrained().getConfiguration(), given, here.kafkaProperties());
            boolean judges = judgeAgain || changed(SettingsDefinition.VERIFIER);
            RecordedVerifiers verifiers = new RecordedVerifiers(recorded, here, given, trustRecorded);
            Configuration configuration = judges ? verifiers.required() : verifiers.withoutMissing();
            configuration.notes().forEach(note -> System.err.println("sppo: " + note));
            ReplayPlan plan = new ReplayPlan(
                    from, configuration, judges, scoreAgain || changed("critic."), !onlyAdvantages, range);
            new ReplayRun(plan, run).run(System.out);
        }
        return 0;
    }

    /** Checked before the replay, whose results would be lost. */
    private void requireReports(Configuration here) {
        Path reports = Path.of(here.settings().getString(SettingsDefinition.RUNS_DIR));
        WritableDirectory.require(reports, "--runs-dir");
    }

    private ReplayRange range() {
        try {
            return new ReplayRange(fromOffset, toOffset, fromTime, toTime);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(command.commandLine(), String.valueOf(e.getMessage()));
        }
    }

    private boolean changed(String prefix) {
        return changes.keySet().stream().anyMatch(name -> name.startsWith(prefix));
    }

    /** Settings that replace the recorded ones: those asked for, and those of this cluster and namespace. */
    private Map<String, String> changes(Configuration here) {
        if (verifier != null) {
            changes.put(SettingsDefinition.VERIFIER, verifier);
        }
        if (estimator != null) {
            changes.put(SettingsDefinition.ESTIMATOR, estimator);
        }
        Map<String, String> all = new HashMap<>(here.givenVerifiers());
        all.putAll(changes);
        all.put(SettingsDefinition.RUN, into);
        // With one partition, samples are trained in the order in which they are written.
        all.put(SettingsDefinition.PARTITIONS, "1");
        all.put(SettingsDefinition.DATA_DIR, here.settings().getString(SettingsDefinition.DATA_DIR));
        all.put(SettingsDefinition.BOOTSTRAP_SERVERS, here.settings().bootstrapServers());
        all.put(SettingsDefinition.SCHEMA_REGISTRY_URL, here.settings().schemaRegistryUrl());
        all.put(SettingsDefinition.RUNS_DIR, here.settings().getString(SettingsDefinition.RUNS_DIR));
        return all;
    }
}
