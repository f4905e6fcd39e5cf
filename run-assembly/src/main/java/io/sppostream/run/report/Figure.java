package io.sppostream.run.report;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sppostream.events.TrainingStep;
import java.io.IOException;
import java.io.InputStream;
import java.math.BigDecimal;
import java.math.MathContext;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.apache.commons.text.StringEscapeUtils;

/**
 * The learning curves of a run. {@value #FILE} is a page that needs nothing but a browser: held-out accuracy, reward,
 * critic loss and explained variance, over steps and over time; the reliability diagram of the critic; and the other
 * metrics of the ledger over steps. {@value #IMAGE} is a small image for documents: held-out accuracy and reward over the
 * rollouts trained. Both are drawn from the log alone.
 */
public final class Figure {
    public static final String FILE = "figure.html";
    public static final String IMAGE = "figure.svg";

    private static final String LIBRARY = "/META-INF/resources/webjars/echarts/5.3.1/dist/echarts.min.js";
    private static final ObjectMapper JSON = new ObjectMapper();

    /** A line of diagnostics with more points is drawn as the means of this many parts. */
    private static final int POINTS = 500;

    /**
     * A diagram over steps.
     *
     * @param lines that have points, each a list of step and value
     */
    private record Panel(
            @JsonProperty("title") String title,
            @JsonProperty("lines") Map<String, List<double[]>> lines) {}

    /** What the page draws. */
    private record Page(
            @JsonProperty("panels") Map<String, List<Double[]>> panels,
            @JsonProperty("reliability") List<Reliability> reliability,
            @JsonProperty("diagnostics") List<Panel> diagnostics) {}

    private Figure() {}

    /** Writes the page and the image into a folder. */
    public static void write(Path directory, String run, LearningCurve curve) throws IOException {
        // A point is step, seconds, value; the value is null if it was not measured.
        Map<String, List<Double[]>> panels = new LinkedHashMap<>();
        panels.put(
                "held-out accuracy",
                curve.accuracies().stream()
                        .map(point -> new Double[] {(double) point.step(), point.seconds(), point.accuracy()})
                        .toList());
        panels.put("reward, mean of the batch", points(curve, curve.policy(), "reward_mean"));
        panels.put("critic loss", points(curve, curve.critic(), "loss"));
        panels.put(
                "critic's explained variance (of the probability)",
                points(curve, curve.critic(), "explained_variance"));
        String page = resource("/figure.html")
                .replace("{{run}}", StringEscapeUtils.escapeHtml4(run))
                .replace("{{data}}", json(new Page(panels, reliability(curve), diagnostics(curve))))
                .replace("{{echarts}}", resource(LIBRARY));
        Files.createDirectories(directory);
        Files.writeString(directory.resolve(FILE), page);
        Files.writeString(directory.resolve(IMAGE), image(run, curve));
    }

    /** JSON within a script: no text in it, such as the name of a dataset, can end the script. */
    private static String json(Page page) throws IOException {
        return JSON.writeValueAsString(page).replace("<", "\\u003c");
    }

    /** The critic in the first fifth of its steps and in the last; only the latter if the former is the same. */
    private static List<Reliability> reliability(LearningCurve curve) {
        int steps = curve.critic().size();
        int first = Math.max(1, steps - LearningCurve.lastFifth(steps));
        return Stream.of(steps > first ? curve.reliability(0, first) : null, curve.lastReliability())
                .filter(Objects::nonNull)
                .toList();
    }

    /** The diagrams of the other metrics, without those that have no points. */
    private static List<Panel> diagnostics(LearningCurve curve) {
        Lines policy = new Lines(curve.policy());
        Lines critic = new Lines(curve.critic());
        TreeSet<String> datasets = new TreeSet<>();
        curve.policy().forEach(step -> datasets.addAll(step.getMetrics().keySet()));
        datasets.removeIf(name -> !name.startsWith("reward_mean/"));
        Map<String, List<double[]>> rewards = new LinkedHashMap<>();
        if (datasets.size() > 1) {
            datasets.forEach(name -> policy.add(rewards, name.substring(name.indexOf('/') + 1), name, 1));
        }
        return Stream.of(
                        new Panel("reward by dataset", rewards),
                        policy.panel("entropy, nats", Map.of("entropy", "entropy")),
                        policy.panel(
                                "tokens clipped, share",
                                lines("low", "clip_fraction_low", "high", "clip_fraction_high")),
                        policy.panel("approximate KL, nats", Map.of("sampler to learner", "approximate_kl")),
                        policy.panel("mismatch KL at equal weights, nats", Map.of("mismatch", "mismatch_kl")),
                        policy.panel(
                                "effective sample size, share",
                                Map.of("effective sample size", "effective_sample_size")),
                        policy.panel("advantage", lines("mean", "advantage_mean", "deviation", "advantage_std")),
                        policy.panel("advantages above 0, share", Map.of("positive", "advantage_share_positive")),
                        policy.panel("gradient norm of the policy", Map.of("norm", "gradient_norm")),
                        policy.panel(
                                "response length, tokens",
                                lines("mean", "response_length_mean", "max", "response_length_max")),
                        policy.panel("responses cut off, share", Map.of("cut off", "response_cut_share")),
                        policy.panel(
                                "prompt length, tokens",
                                lines("mean", "prompt_length_mean", "max", "prompt_length_max")),
                        critic.panel("value", lines("mean", "value_mean", "deviation", "value_std")),
                        critic.panel(
                                "critic: errors",
                                lines("Brier score", "brier_score", "calibration error", "expected_calibration_error")),
                        critic.panel("critic: AUC", Map.of("AUC", "auc")),
                        speed(policy, critic),
                        policy.panel(
                                "a policy step, seconds",
                                lines(
                                        "whole", "seconds_step",
                                        "sampling", "seconds_sampling",
                                        "updating", "seconds_updating")),
                        policy.panel("model FLOPs utilization, share", Map.of("policy", "mfu")),
                        policy.panel(
                                "peak memory of the learner's process, GB",
                                Map.of("resident", "peak_resident_bytes"),
                                1e-9))
                .filter(panel -> !panel.lines().isEmpty())
                .toList();
    }

    private static Panel speed(Lines policy, Lines critic) {
        Map<String, List<double[]>> lines = new LinkedHashMap<>();
        policy.add(lines, "whole", "tokens_per_second", 1);
        policy.add(lines, "sampling", "tokens_per_second_sampling", 1);
        policy.add(lines, "policy update", "tokens_per_second_updating", 1);
        critic.add(lines, "critic update", "tokens_per_second_updating", 1);
        return new Panel("tokens a second", lines);
    }

    /** Names of lines and their metrics, in turn. */
    private static Map<String, String> lines(String... namesAndMetrics) {
        Map<String, String> lines = new LinkedHashMap<>();
        for (int i = 0; i < namesAndMetrics.length; i += 2) {
            lines.put(namesAndMetrics[i], namesAndMetrics[i + 1]);
        }
        return lines;
    }

    /** The metrics of some steps as lines over steps. */
    private record Lines(List<TrainingStep> steps) {
        Panel panel(String title, Map<String, String> metricsByName) {
            return panel(title, metricsByName, 1);
        }

        Panel panel(String title, Map<String, String> metricsByName, double factor) {
            Map<String, List<double[]>> lines = new LinkedHashMap<>();
            metricsByName.forEach((name, metric) -> add(lines, name, metric, factor));
            return new Panel(title, lines);
        }

        void add(Map<String, List<double[]>> lines, String name, String metric, double factor) {
            List<FigureSvg.Point> points = new ArrayList<>();
            for (TrainingStep step : steps) {
                Double value = step.getMetrics().get(metric);
                if (value != null && Double.isFinite(value)) {
                    points.add(new FigureSvg.Point(step.getStep(), factor * value));
                }
            }
            if (!points.isEmpty()) {
                lines.put(
                        name,
                        FigureSvg.means(points, POINTS).stream()
                                .map(point -> new double[] {point.rollouts(), rounded(point.value())})
                                .toList());
            }
        }

        /** To six significant digits, which keeps the page small. */
        private static double rounded(double value) {
            return value == 0 ? 0 : new BigDecimal(value, new MathContext(6)).doubleValue();
        }
    }

    private static String image(String run, LearningCurve curve) throws IOException {
        Map<Integer, Long> rollouts = new HashMap<>(Map.of(0, 0L)); // by step
        List<FigureSvg.Point> reward = new ArrayList<>();
        for (TrainingStep step : curve.policy()) {
            rollouts.put(step.getStep(), step.getSamplesTrained());
            Double mean = step.getMetrics().get("reward_mean");
            reward.add(new FigureSvg.Point(step.getSamplesTrained(), mean == null ? Double.NaN : mean));
        }
        List<FigureSvg.Point> accuracy = curve.accuracies().stream()
                .filter(point -> rollouts.containsKey(point.step()))
                .filter(point -> point.accuracy() != null)
                .map(point -> new FigureSvg.Point(
                        Objects.requireNonNull(rollouts.get(point.step())), Objects.requireNonNull(point.accuracy())))
                .toList();
        return FigureSvg.draw(resource("/figure.svg"), run, accuracy, reward);
    }

    private static List<Double[]> points(LearningCurve curve, List<TrainingStep> steps, String metric) {
        List<Double[]> points = new ArrayList<>(steps.size());
        for (TrainingStep step : steps) {
            points.add(new Double[] {
                (double) step.getStep(),
                curve.seconds(step.getEndedAt()),
                step.getMetrics().get(metric)
            });
        }
        return points;
    }

    static String resource(String name) throws IOException {
        try (InputStream in = Objects.requireNonNull(Figure.class.getResourceAsStream(name), name)) {
            return new String(in.readAllBytes(), UTF_8);
        }
    }
}
