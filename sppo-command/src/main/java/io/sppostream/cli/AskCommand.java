package io.sppostream.cli;

import io.sppostream.events.Expired;
import io.sppostream.events.PolicySegment;
import io.sppostream.events.Rollout;
import io.sppostream.events.Run;
import io.sppostream.events.TrainingSample;
import io.sppostream.events.Verdict;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.log.EventSerdes;
import io.sppostream.log.RunLog;
import io.sppostream.log.TopicAdmin;
import io.sppostream.log.UserException;
import io.sppostream.run.Cluster;
import io.sppostream.run.PromptRequest;
import io.sppostream.run.RunRecord;
import io.sppostream.run.config.Configuration;
import io.sppostream.run.config.Datasets;
import io.sppostream.run.config.RunSettings;
import io.sppostream.run.report.TerminalText;
import java.io.PrintStream;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Callable;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code ./sppo ask}: publishes a prompt to a run that is running. */
@Command(
        name = "ask",
        description = "Publish a prompt to a run that is running, as ./sppo up runs one, and show what becomes of it:"
                + " rollouts, verdicts and advantages. The learner trains on it with the next full batch.",
        mixinStandardHelpOptions = true)
final class AskCommand implements Callable<Integer> {
    @Parameters(paramLabel = "PROMPT", description = "Text of the user's message.")
    private String text = "";

    @Option(names = "--run", paramLabel = "NAME", required = true, description = "Name of the run.")
    private String run = "";

    @Option(
            names = "--reference",
            paramLabel = "ANSWER",
            description = "Reference answer that verifiers compare with; empty if none is given.")
    private String reference = "";

    @Option(
            names = "--samples",
            paramLabel = "N",
            defaultValue = "1",
            description = "Rollouts to sample (default: ${DEFAULT-VALUE}).")
    private int samples = 1;

    @Option(
            names = "--prompt-dataset",
            paramLabel = "NAME",
            description = "Dataset that the prompt counts as, which chooses the verifier; the run's if none is given.")
    private @Nullable String dataset;

    @Option(
            names = "--timeout",
            paramLabel = "SECONDS",
            defaultValue = "120",
            description = "How long to wait (default: ${DEFAULT-VALUE}).")
    private int timeoutSeconds = 120;

    @Mixin
    private ClusterOptions cluster = new ClusterOptions();

    @Override
    public Integer call() {
        if (samples < 1 || timeoutSeconds < 1) {
            throw new UserException("--samples and --timeout must be at least 1");
        }
        Clock clock = Clock.systemUTC();
        try (Cluster running = Cluster.ofRunning(cluster.load(run));
                EventSerdes serdes = new EventSerdes(running.kafka())) {
            RunLog runLog = new RunLog(running.kafka(), serdes, topics(running));
            RunSettings settings = settings(runLog);
            PromptRequest request = PromptRequest.of(
                    runLog, text, dataset == null ? Datasets.name(settings) : dataset, reference, samples, clock);
            PrintStream out = System.out;
            out.println("request " + request.prompt().getRequestId() + " to run " + run + ", for policy version "
                    + request.prompt().getMinPolicyVersion() + " or later");
            Set<String> open =
                    request.publish(event -> out.println(line(event)), Duration.ofSeconds(timeoutSeconds), clock);
            if (!open.isEmpty()) {
                throw new UserException(open.size() + " of " + samples + " rollouts not settled after " + timeoutSeconds
                        + " s: see ./sppo inspect " + request.prompt().getRequestId() + " --run " + run
                        + ", and whether ./sppo up runs or pauses");
            }
            out.println("an advantage is trained on with the next full batch of " + settings.batchSize()
                    + " rollouts: see ./sppo inspect " + request.prompt().getRequestId() + " --run " + run);
            return 0;
        }
    }

    private Topics topics(Cluster running) {
        try (TopicAdmin admin = new TopicAdmin(running.kafka())) {
            return admin.find(run);
        }
    }

    private RunSettings settings(RunLog runLog) {
        List<Run> starts = RunRecord.all(runLog);
        if (starts.isEmpty()) {
            throw new UserException("run '" + run + "' was never started: start ./sppo up --run " + run + " first");
        }
        return Configuration.recorded(starts.get(starts.size() - 1).getConfiguration(), Map.of(), Map.of())
                .settings();
    }

    private static String line(SpecificRecord event) {
        if (event instanceof Rollout rollout) {
            List<PolicySegment> segments = rollout.getPolicySegments();
            return row(
                    "rollout",
                    rollout.getRolloutId(),
                    "\"%s\" (%d tokens, %s, policy version %d)",
                    TerminalText.printable(rollout.getText()),
                    rollout.getResponseTokens().size(),
                    rollout.getFinishReason(),
                    segments.get(segments.size() - 1).getPolicyVersion());
        }
        if (event instanceof Verdict verdict) {
            return row(
                    "verdict",
                    verdict.getRolloutId(),
                    "%s of %s%s: %s, reward %s",
                    verdict.getStatus(),
                    verdict.getVerifier(),
                    verdict.getShadow() ? " (shadow)" : "",
                    TerminalText.printable(verdict.getRule()),
                    verdict.getReward());
        }
        if (event instanceof TrainingSample sample) {
            return row(
                    "advantage",
                    sample.getRollout().getRolloutId(),
                    "%+.3f = reward %.3f%s",
                    sample.getSegments().get(0).getAdvantage(),
                    sample.getReward(),
                    sample.getValue() == null
                            ? ""
                            : String.format(
                                    Locale.ROOT,
                                    " - value %.3f",
                                    sample.getValue().getProbability()));
        }
        if (event instanceof Expired expired) {
            return row(
                    "expired",
                    Objects.requireNonNullElse(expired.getRolloutId(), expired.getRequestId()),
                    "%s: %s",
                    expired.getReason(),
                    TerminalText.printable(expired.getDetail()));
        }
        return event.getSchema().getName();
    }

    private static String row(String kind, String id, String format, Object... arguments) {
        return String.format(Locale.ROOT, "%-10s %s  ", kind, id) + String.format(Locale.ROOT, format, arguments);
    }
}
