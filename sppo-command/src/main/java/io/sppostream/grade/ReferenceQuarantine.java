package io.sppostream.grade;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sppostream.feed.data.JsonLines;
import io.sppostream.verify.math.GradingProfile;
import io.sppostream.verify.math.MathGrader;
import io.sppostream.verify.math.ReferenceCheck;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The references of a dataset that no response should be judged by: for each {@code line}, {@code reference}, {@code reason} and {@code detail}. */
public final class ReferenceQuarantine {
    private final MathGrader grader;
    private final List<String> fields;
    private int checked;
    private int unfit;

    /**
     * @param profile how references are read
     * @param fields where they are; of several, the first that a line has
     */
    public ReferenceQuarantine(GradingProfile profile, List<String> fields) {
        this.grader = new MathGrader(profile);
        this.fields = List.copyOf(fields);
    }

    /**
     * Checks references, in order.
     *
     * @param name what messages call the input
     * @return how many there were, in words
     * @throws io.sppostream.log.UserException naming the first line without a reference
     */
    public String check(String name, InputStream in, OutputStream out) {
        LineFilter.answer(name, in, out, this::unfit);
        return String.format(Locale.ROOT, "%,d references checked, %,d not fit to judge by", checked, unfit);
    }

    private List<ObjectNode> unfit(int line, ObjectNode object) {
        List<ObjectNode> report = new ArrayList<>();
        for (String text : LineFilter.texts(object, fields)) {
            String reference = JsonLines.reference(text);
            ReferenceCheck check = ReferenceCheck.check(grader, reference);
            checked++;
            if (!check.wellFormed()) {
                unfit++;
                report.add(LineFilter.object()
                        .put("line", line)
                        .put("reference", reference)
                        .put("reason", check.reason())
                        .put("detail", check.detail()));
            }
        }
        return report;
    }
}
