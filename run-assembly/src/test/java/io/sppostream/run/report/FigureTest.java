package io.sppostream.run.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sppostream.events.CalibrationBin;
import io.sppostream.events.TrainingStep;
import io.sppostream.run.report.FigureSvg.Point;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.xml.sax.InputSource;

class FigureTest {
    private static final Instant START = Instant.ofEpochSecond(1_000);
    private static final String TEMPLATE = "{{run}}|{{result}}|{{grid}}|{{reward}}|{{accuracy}}|{{dots}}";

    @TempDir
    private Path folder;

    private static TrainingStep step(String line, int step, Map<String, Double> metrics) {
        return TrainingStep.newBuilder()
                .setLine(line)
                .setStep(step)
                .setFromVersion(step - 1)
                .setToVersion(step)
                .setFromSha256("00")
                .setToSha256("01")
                .setSamples(List.of())
                .setSamplesTrained(512L * step)
                .setConsumed(List.of())
                .setConfigurationSha256("02")
                .setMetrics(metrics)
                .setStartedAt(START)
                .setEndedAt(START.plusMillis(200L * step))
                .build();
    }

    private static LearningCurve curve(int steps) {
        LearningCurve curve = new LearningCurve(START, List.of(), true);
        for (int step = 0; step <= steps; step++) {
            if (step > 0) {
                curve.add(step("policy", step, Map.of("reward_mean", Math.sqrt(step / (double) steps))));
                curve.add(step("critic", step, Map.of("loss", 1.0 / step, "explained_variance", 0.1)));
            }
            if (step % 20 == 0) {
                curve.add(step, START.plusMillis(200L * step), 0.25 + step / (2.0 * steps));
            }
        }
        return curve;
    }

    private static Document parse(String svg) throws Exception {
        return DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(new InputSource(new StringReader(svg)));
    }

    /** The last curve of a class, as x, y pairs. */
    private static List<double[]> line(Document svg, String name) {
        List<double[]> points = new ArrayList<>();
        var paths = svg.getElementsByTagName("path");
        String d = "";
        for (int i = 0; i < paths.getLength(); i++) {
            Element path = (Element) paths.item(i);
            d = path.getAttribute("class").equals(name) ? path.getAttribute("d") : d;
        }
        for (String point : d.substring(1).split("L", -1)) {
            String[] xy = point.split(" ", -1);
            points.add(new double[] {Double.parseDouble(xy[0]), Double.parseDouble(xy[1])});
        }
        return points;
    }

    @Test
    void shouldWriteAPageAndASmallImageWhenARunHasTrained() throws Exception {
        Figure.write(folder, "a-run", curve(10_000));

        assertThat(folder.resolve(Figure.FILE)).content().contains("a-run", "held-out accuracy");
        String svg = Files.readString(folder.resolve(Figure.IMAGE));
        assertThat(svg).hasSizeLessThan(30_000).doesNotContain("{{").contains("0.250 to 0.750", ">4M<");
        Document image = parse(svg);
        assertThat(line(image, "reward")).hasSize(160);
        assertThat(line(image, "accuracy")).hasSize(160);
        assertThat(image.getElementsByTagName("circle").getLength()).isZero();
    }

    /** What the page draws, as JSON. */
    private JsonNode data() throws IOException {
        String page = Files.readString(folder.resolve(Figure.FILE));
        String start = "const data = ";
        int from = page.indexOf(start) + start.length();
        return new ObjectMapper().readTree(page.substring(from, page.indexOf(";\n", from)));
    }

    private static TrainingStep calibrated(int step, long count, double values, double rewards) {
        List<CalibrationBin> bins = new ArrayList<>();
        for (int bin = 0; bin < 10; bin++) {
            bins.add(bin == 4 ? new CalibrationBin(count, values, rewards) : new CalibrationBin(0L, 0.0, 0.0));
        }
        return TrainingStep.newBuilder(step("critic", step, Map.of("auc", 0.5)))
                .setCalibration(bins)
                .build();
    }

    @Test
    void shouldDrawTheReliabilityOfTheFirstAndLastFifthOfTheCriticsSteps() throws IOException {
        LearningCurve curve = new LearningCurve(START, List.of(), true);
        for (int step = 1; step <= 10; step++) {
            curve.add(calibrated(step, 8, 3.5, step <= 2 ? 0 : step <= 8 ? 8 : step - 7));
        }
        Figure.write(folder, "a-run", curve);

        JsonNode reliability = data().get("reliability");
        assertThat(reliability).hasSize(2);
        JsonNode first = reliability.get(0);
        assertThat(first.get("from_step").asInt()).isEqualTo(1);
        assertThat(first.get("to_step").asInt()).isEqualTo(2);
        assertThat(first.get("samples").asLong()).isEqualTo(16);
        assertThat(first.get("expected_calibration_error").asDouble()).isEqualTo(7.0 / 16);
        JsonNode last = reliability.get(1);
        assertThat(last.get("from_step").asInt()).isEqualTo(9);
        assertThat(last.get("bins")).hasSize(10);
        JsonNode bin = last.get("bins").get(4);
        assertThat(bin.get("from").asDouble()).isEqualTo(0.4);
        assertThat(bin.get("count").asLong()).isEqualTo(16);
        assertThat(bin.get("value_mean").asDouble()).isEqualTo(7.0 / 16);
        assertThat(bin.get("reward_mean").asDouble()).isEqualTo(5.0 / 16);
        assertThat(last.get("bins").get(3).get("value_mean").isNull()).isTrue();
    }

    @Test
    void shouldDrawOnlyMetricsThatTheLedgerHas() throws IOException {
        LearningCurve curve = new LearningCurve(START, List.of(), false);
        curve.add(
                step("policy", 1, Map.of("entropy", 0.123456789, "reward_mean/</script>", 1.0, "reward_mean/b", 0.5)));
        curve.add(step("policy", 2, Map.of("entropy", Double.NaN)));
        Figure.write(folder, "a-run", curve);

        assertThat(folder.resolve(Figure.FILE)).content().doesNotContain("</script>\"");
        JsonNode page = data();
        assertThat(page.get("reliability")).isEmpty();
        assertThat(page.get("diagnostics"))
                .extracting(panel -> panel.get("title").asText())
                .containsExactly("reward by dataset", "entropy, nats");
        assertThat(page.get("diagnostics").get(1).get("lines").get("entropy").toString())
                .isEqualTo("[[1.0,0.123457]]");
    }

    @Test
    void shouldDrawCurvesFromEdgeToEdgeWhenPointsAreFew() throws Exception {
        Figure.write(folder, "a-run", curve(40));

        Document image = parse(Files.readString(folder.resolve(Figure.IMAGE)));
        List<double[]> accuracy = line(image, "accuracy");
        assertThat(accuracy).hasSize(3);
        assertThat(accuracy.get(0)[0]).isEqualTo(48);
        assertThat(accuracy.get(2)[0]).isEqualTo(616);
        assertThat(accuracy.get(0)[1]).isCloseTo(288 - 224 * 0.25, within(0.1));
        assertThat(accuracy.get(2)[1]).isCloseTo(288 - 224 * 0.75, within(0.1));
        assertThat(line(image, "reward")).hasSize(40);
        assertThat(image.getElementsByTagName("circle").getLength()).isEqualTo(3);
    }

    @Test
    void shouldKeepAllTextWithinTheImageWhenItIsDrawn() throws Exception {
        Figure.write(folder, "a-run", curve(480));

        var texts = parse(Files.readString(folder.resolve(Figure.IMAGE))).getElementsByTagName("text");
        for (int i = 0; i < texts.getLength(); i++) {
            Element text = (Element) texts.item(i);
            double x = Double.parseDouble(text.getAttribute("x"));
            double width = 8.5 * text.getTextContent().length();
            double from = switch (text.getAttribute("class")) {
                case "right" -> x - width;
                case "middle" -> x - width / 2;
                default -> x;
            };
            assertThat(from).as(text.getTextContent()).isNotNegative();
            assertThat(from + width).as(text.getTextContent()).isLessThanOrEqualTo(640);
        }
    }

    @Test
    void shouldDrawAnEmptyFrameWhenNothingHasBeenTrained() throws IOException {
        Figure.write(folder, "a-run", new LearningCurve(START, List.of(), true));

        assertThat(folder.resolve(Figure.IMAGE))
                .content()
                .contains("not judged")
                .doesNotContain("NaN", "Infinity");
    }

    @Test
    void shouldSkipPointsWhenTheyAreNotNumbers() {
        String svg = FigureSvg.draw(
                TEMPLATE, "r", List.of(new Point(0, Double.NaN), new Point(10, 0.5)), List.of(new Point(10, 1)));

        assertThat(svg).contains("0.500 to 0.500").doesNotContain("NaN");
    }

    @Test
    void shouldEscapeTheNameWhenItHasMarkup() {
        assertThat(FigureSvg.draw(TEMPLATE, "a<b>&c", List.of(), List.of())).startsWith("a&lt;b&gt;&amp;c|");
    }

    @Test
    void shouldAverageNeighboursWhenPointsAreMany() {
        List<Point> points =
                IntStream.range(0, 10).mapToObj(i -> new Point(i, 10 * i)).toList();

        assertThat(FigureSvg.means(points, 5))
                .containsExactly(
                        new Point(0.5, 5),
                        new Point(2.5, 25),
                        new Point(4.5, 45),
                        new Point(6.5, 65),
                        new Point(8.5, 85));
        assertThat(FigureSvg.means(points, 10)).isEqualTo(points);
    }

    @Test
    void shouldPlaceTicksAtRoundNumbers() {
        assertThat(FigureSvg.tickDistance(245_760, 6)).isEqualTo(50_000);
        assertThat(FigureSvg.tickDistance(5_120_000, 6)).isEqualTo(1_000_000);
        assertThat(FigureSvg.tickDistance(1_536, 6)).isEqualTo(500);
        assertThat(FigureSvg.tickDistance(3, 6)).isEqualTo(0.5);
        assertThat(FigureSvg.label(0)).isEqualTo("0");
        assertThat(FigureSvg.label(0.5)).isEqualTo("0.5");
        assertThat(FigureSvg.label(50_000)).isEqualTo("50k");
        assertThat(FigureSvg.label(2_500_000)).isEqualTo("2.5M");
    }
}
