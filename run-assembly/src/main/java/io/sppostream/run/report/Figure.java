package io.sppostream.run.report;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.sppostream.events.TrainingStep;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * The learning curves of a run. {@value #FILE} is a page that needs nothing but a browser: held-out accuracy, reward,
 * critic loss and explained variance, over steps and over time. {@value #IMAGE} is a small image for documents:
 * held-out accuracy and reward over the rollouts trained.
 */
public final class Figure {
    public static final String FILE = "figure.html";
    public static final String IMAGE = "figure.svg";

    private static final String LIBRARY = "/META-INF/resources/webjars/echarts/5.3.1/dist/echarts.min.js";
    private static final ObjectMapper JSON = new ObjectMapper();

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
                .replace("{{run}}", run)
                .replace("{{data}}", JSON.writeValueAsString(panels))
                .replace("{{echarts}}", resource(LIBRARY));
        Files.createDirectories(directory);
        Files.writeString(directory.resolve(FILE), page);
        Files.writeString(directory.resolve(IMAGE), image(run, curve));
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
