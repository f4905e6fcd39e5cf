package io.sppostream.run.report;

import static org.assertj.core.api.Assertions.assertThat;

import io.sppostream.run.report.ComparisonFigure.Group;
import io.sppostream.run.report.LearningCurve.Accuracy;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.xml.sax.InputSource;

class ComparisonFigureTest {
    @TempDir
    private Path folder = Path.of("");

    private static List<Accuracy> run(double... accuracies) {
        List<Accuracy> run = new ArrayList<>();
        for (int i = 0; i < accuracies.length; i++) {
            run.add(new Accuracy(i, 1_000L * i, 2.5 * i, accuracies[i]));
        }
        return run;
    }

    private Document drawn(List<Group> groups) throws Exception {
        Path file = folder.resolve("comparison.svg");
        ComparisonFigure.write(file, "a < b", groups);
        String svg = Files.readString(file);
        assertThat(svg).doesNotContain("{{", "NaN", "Infinity");
        return DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(new InputSource(new StringReader(svg)));
    }

    private static List<String> paths(Document svg, String style) {
        List<String> paths = new ArrayList<>();
        var all = svg.getElementsByTagName("path");
        for (int i = 0; i < all.getLength(); i++) {
            Element path = (Element) all.item(i);
            if (path.getAttribute("class").equals(style)) {
                paths.add(path.getAttribute("d"));
            }
        }
        return paths;
    }

    @Test
    void shouldDrawTheMeanAndTheBandOfEachGroupInBothPanels() throws Exception {
        Document svg = drawn(List.of(
                new Group("two", List.of(run(0.2, 0.4, 0.8), run(0.2, 0.6, 0.6))),
                new Group("one", List.of(run(0.2, 0.5)))));

        // From 0.2 at the bottom (316) to 0.8 at the top (44).
        assertThat(paths(svg, "line c0").subList(0, 2))
                .containsExactly("M52 316L250 180L448 89.3", "M532 316L730 180L928 89.3");
        assertThat(paths(svg, "band c0")).contains("M52 316L250 134.7L448 44L448 134.7L250 225.3L52 316Z");
        assertThat(paths(svg, "line c1")).hasSize(3).contains("M52 316L250 180");
        assertThat(paths(svg, "band c1")).as("one run has no band").isEmpty();
    }

    @Test
    void shouldBeDrawnWhenNothingHasFinished() throws Exception {
        Document svg = drawn(List.of(new Group("none", List.of())));
        assertThat(paths(svg, "line c0")).as("the legend").hasSize(1);
    }

    @Test
    void shouldKeepAllTextWithinTheImage() throws Exception {
        List<Group> groups = new ArrayList<>();
        for (int i = 0; i < 14; i++) {
            groups.add(new Group("spo-chain[partition=fixed,mask=false], " + i, List.of(run(0.1, 0.3 + i / 40.0))));
        }
        Document svg = drawn(groups);
        double height = Double.parseDouble(svg.getDocumentElement().getAttribute("height"));
        var texts = svg.getElementsByTagName("text");
        for (int i = 0; i < texts.getLength(); i++) {
            Element text = (Element) texts.item(i);
            double width = 8 * text.getTextContent().length();
            double x = Double.parseDouble(text.getAttribute("x"));
            double from = switch (text.getAttribute("class")) {
                case "right" -> x - width;
                case "middle" -> x - width / 2;
                default -> x;
            };
            assertThat(from).as(text.getTextContent()).isNotNegative();
            assertThat(from + width).as(text.getTextContent()).isLessThanOrEqualTo(960);
            assertThat(Double.parseDouble(text.getAttribute("y"))).isLessThan(height);
        }
        assertThat(paths(svg, "line c3 dashed")).as("the 14th group").hasSize(3);
    }
}
