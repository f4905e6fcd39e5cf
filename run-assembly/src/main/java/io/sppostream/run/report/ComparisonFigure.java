package io.sppostream.run.report;

import io.sppostream.run.report.LearningCurve.Accuracy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.TreeSet;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import org.apache.commons.text.StringEscapeUtils;
import org.jspecify.annotations.Nullable;

/**
 * Several groups of runs as a small SVG image: held-out accuracy over the rollouts generated and over wall time, side by
 * side. Each group is a line, the mean over its runs, within a band from the lowest run to the highest. Like {@link
 * FigureSvg}, it is text that follows the colour scheme of its reader.
 */
public final class ComparisonFigure {
    /**
     * Runs that differ by their seeds.
     *
     * @param name the label of the line
     * @param runs the evaluations of each run, in order
     */
    public record Group(String name, List<List<Accuracy>> runs) {
        public Group {
            runs = runs.stream().map(List::copyOf).toList();
        }
    }

    /** A mean over runs and its band. */
    private record Mean(double x, double low, double mean, double high) {}

    /** One of the two diagrams. */
    private record Panel(
            double left, String title, ToDoubleFunction<Accuracy> axis, double end, double lowest, double highest) {
        double x(double value) {
            return left + WIDTH * (end > 0 ? value / end : 0);
        }

        double y(double accuracy) {
            return BOTTOM - (BOTTOM - TOP) * (accuracy - lowest) / (highest - lowest);
        }
    }

    private static final double WIDTH = 396;
    private static final double LEFT = 52;
    private static final double SECOND_LEFT = 532;
    private static final double TOP = 44;
    private static final double BOTTOM = 316;
    private static final double LEGEND = 386;
    private static final double ROW = 22;
    private static final int LEGEND_COLUMNS = 3;
    private static final double LEGEND_COLUMN_WIDTH = 310;
    private static final int LONGEST_NAME = 32;
    private static final int TICKS = 6;
    private static final int COLOURS = 10;
    private static final String TEMPLATE = "/comparison.svg";

    private ComparisonFigure() {}

    /**
     * Writes the image.
     *
     * @param title the first line of the image
     * @param groups in the order of the legend; runs without accuracies are left out
     */
    public static void write(Path file, String title, List<Group> groups) throws IOException {
        Files.writeString(file, draw(Figure.resource(TEMPLATE), title, groups));
    }

    static String draw(String template, String title, List<Group> groups) {
        List<Group> judged = groups.stream().map(ComparisonFigure::judged).toList();
        List<Accuracy> all = judged.stream()
                .flatMap(group -> group.runs().stream())
                .flatMap(List::stream)
                .toList();
        double lowest = Math.floor(10
                        * all.stream()
                                .mapToDouble(ComparisonFigure::accuracy)
                                .min()
                                .orElse(0))
                / 10;
        double highest = Math.ceil(10
                        * all.stream()
                                .mapToDouble(ComparisonFigure::accuracy)
                                .max()
                                .orElse(1))
                / 10;
        if (highest <= lowest) {
            highest = lowest + 0.1;
        }
        Panel rollouts = panel(LEFT, "rollouts generated", Accuracy::rollouts, all, lowest, highest);
        Panel seconds = panel(SECOND_LEFT, "seconds of training", Accuracy::seconds, all, lowest, highest);
        int rows = (groups.size() + LEGEND_COLUMNS - 1) / LEGEND_COLUMNS;
        double height = LEGEND + ROW * rows;
        return template.replace("{{height}}", FigureSvg.coordinate(height))
                .replace("{{title}}", StringEscapeUtils.escapeXml10(title))
                .replace("{{left}}", panel(rollouts, judged))
                .replace("{{right}}", panel(seconds, judged))
                .replace("{{legend}}", legend(judged));
    }

    private static Group judged(Group group) {
        return new Group(
                group.name(),
                group.runs().stream()
                        .map(run -> run.stream()
                                .filter(point -> point.accuracy() != null)
                                .toList())
                        .filter(run -> !run.isEmpty())
                        .toList());
    }

    private static double accuracy(Accuracy point) {
        return Objects.requireNonNull(point.accuracy());
    }

    private static Panel panel(
            double left,
            String title,
            ToDoubleFunction<Accuracy> axis,
            List<Accuracy> all,
            double lowest,
            double highest) {
        return new Panel(left, title, axis, all.stream().mapToDouble(axis).max().orElse(0), lowest, highest);
    }

    private static String panel(Panel panel, List<Group> groups) {
        StringBuilder svg = new StringBuilder();
        double distance = FigureSvg.tickDistance(panel.highest() - panel.lowest(), TICKS);
        int ticks = (int) Math.round((panel.highest() - panel.lowest()) / distance);
        for (int tick = 0; tick <= ticks; tick++) {
            double value = panel.lowest() + tick * distance;
            svg.append(String.format(
                    Locale.ROOT,
                    "<path d=\"M%s %sH%s\"/><text x=\"%s\" y=\"%s\" class=\"right\">%s</text>%n",
                    FigureSvg.coordinate(panel.left()),
                    FigureSvg.coordinate(panel.y(value)),
                    FigureSvg.coordinate(panel.left() + WIDTH),
                    FigureSvg.coordinate(panel.left() - 8),
                    FigureSvg.coordinate(panel.y(value) + 5),
                    String.format(Locale.ROOT, distance < 0.1 ? "%.2f" : "%.1f", value)));
        }
        if (panel.end() > 0) {
            double step = FigureSvg.tickDistance(panel.end(), TICKS);
            for (int tick = 0; tick * step <= panel.end(); tick++) {
                svg.append(String.format(
                        "<text x=\"%s\" y=\"%s\" class=\"middle\">%s</text>%n",
                        FigureSvg.coordinate(panel.x(tick * step)),
                        FigureSvg.coordinate(BOTTOM + 20),
                        FigureSvg.label(tick * step)));
            }
        }
        svg.append(String.format(
                "<text x=\"%s\" y=\"%s\" class=\"middle\">%s</text>%n",
                FigureSvg.coordinate(panel.left() + WIDTH / 2), FigureSvg.coordinate(BOTTOM + 42), panel.title()));
        for (int i = 0; i < groups.size(); i++) {
            svg.append(curve(panel, groups.get(i), style(i)));
        }
        return svg.toString();
    }

    /** The band, if there are several runs, and the mean. */
    private static String curve(Panel panel, Group group, String style) {
        List<Mean> means = means(group.runs(), panel.axis());
        if (means.isEmpty()) {
            return "";
        }
        StringBuilder svg = new StringBuilder();
        if (group.runs().size() > 1) {
            List<String> outline = new ArrayList<>();
            means.forEach(point -> outline.add(place(panel, point.x(), point.high())));
            for (int i = means.size() - 1; i >= 0; i--) {
                outline.add(place(panel, means.get(i).x(), means.get(i).low()));
            }
            svg.append("<path class=\"band ")
                    .append(style)
                    .append("\" d=\"M")
                    .append(String.join("L", outline))
                    .append("Z\"/>\n");
        }
        return svg.append("<path class=\"line ")
                .append(style)
                .append("\" d=\"M")
                .append(means.stream()
                        .map(point -> place(panel, point.x(), point.mean()))
                        .collect(Collectors.joining("L")))
                .append("\"/>\n")
                .toString();
    }

    private static String place(Panel panel, double x, double accuracy) {
        return FigureSvg.coordinate(panel.x(x)) + " " + FigureSvg.coordinate(panel.y(accuracy));
    }

    /** The mean over runs wherever one of them was evaluated, as far as all of them go. */
    private static List<Mean> means(List<List<Accuracy>> runs, ToDoubleFunction<Accuracy> axis) {
        double first = runs.stream()
                .mapToDouble(run -> axis.applyAsDouble(run.get(0)))
                .max()
                .orElse(0);
        double last = runs.stream()
                .mapToDouble(run -> axis.applyAsDouble(run.get(run.size() - 1)))
                .min()
                .orElse(-1);
        TreeSet<Double> places = new TreeSet<>(List.of(first, last));
        runs.forEach(run -> run.forEach(point -> places.add(axis.applyAsDouble(point))));
        List<Mean> means = new ArrayList<>();
        for (double x : places) {
            if (x >= first && x <= last) {
                double[] values = runs.stream()
                        .mapToDouble(run -> Objects.requireNonNull(interpolated(run, axis, x)))
                        .sorted()
                        .toArray();
                double sum = 0;
                for (double value : values) {
                    sum += value;
                }
                means.add(new Mean(x, values[0], sum / values.length, values[values.length - 1]));
            }
        }
        return means;
    }

    /**
     * The accuracy at a place between two evaluations, on the straight line between them.
     *
     * @param run evaluations in order, with accuracies
     * @param axis rollouts or seconds
     * @return null if the run has no evaluation at or before the place, or none at or after it
     */
    public static @Nullable Double interpolated(List<Accuracy> run, ToDoubleFunction<Accuracy> axis, double x) {
        for (int i = 0; i < run.size(); i++) {
            double after = axis.applyAsDouble(run.get(i));
            if (after >= x) {
                if (after == x || i == 0) {
                    return after == x ? run.get(i).accuracy() : null;
                }
                double before = axis.applyAsDouble(run.get(i - 1));
                double from = accuracy(run.get(i - 1));
                return from + (accuracy(run.get(i)) - from) * (x - before) / (after - before);
            }
        }
        return null;
    }

    private static String legend(List<Group> groups) {
        StringBuilder svg = new StringBuilder();
        for (int i = 0; i < groups.size(); i++) {
            double x = 20 + LEGEND_COLUMN_WIDTH * (i % LEGEND_COLUMNS);
            int row = i / LEGEND_COLUMNS;
            double y = LEGEND + ROW * row;
            svg.append(String.format(
                    "<path class=\"line %s\" d=\"M%s %sh24\"/><text x=\"%s\" y=\"%s\">%s</text>%n",
                    style(i),
                    FigureSvg.coordinate(x),
                    FigureSvg.coordinate(y - 5),
                    FigureSvg.coordinate(x + 31),
                    FigureSvg.coordinate(y),
                    StringEscapeUtils.escapeXml10(shortened(groups.get(i).name()))));
        }
        return svg.toString();
    }

    private static String shortened(String name) {
        return name.length() <= LONGEST_NAME ? name : name.substring(0, LONGEST_NAME - 3) + "...";
    }

    /** A colour; the second time round, dashed. */
    private static String style(int index) {
        return "c" + index % COLOURS + (index / COLOURS % 2 == 0 ? "" : " dashed");
    }
}
