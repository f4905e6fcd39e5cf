package com.example;

import io.sppostream.events.Rollout;
import io.sppostream.events.VerdictStatus;
import io.sppostream.verify.Judgement;
import io.sppostream.verify.Verifier;
import java.util.Map;
import java.util.Set;
import java.util.StringTokenizer;

/** Correct if the response has at most a number of words. */
public final class WordLimit implements Verifier {
    private final int most;

    /** With the default limit. The service loader needs a constructor without parameters. */
    public WordLimit() {
        this(200);
    }

    private WordLimit(int most) {
        this.most = most;
    }

    @Override
    public String name() {
        return "word-limit";
    }

    @Override
    public String version() {
        return "1";
    }

    @Override
    public Verifier with(Map<String, String> settings) {
        if (!Set.of("most").containsAll(settings.keySet())) {
            throw new IllegalArgumentException("it takes one setting, most, but got " + settings.keySet());
        }
        try {
            return new WordLimit(Integer.parseInt(settings.getOrDefault("most", "200")));
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("most = " + settings.get("most") + ": not a number of words");
        }
    }

    @Override
    public Judgement judge(Rollout rollout) {
        int words = new StringTokenizer(rollout.getText()).countTokens();
        return words <= most
                ? Judgement.correct(words + " words", "within-limit")
                : Judgement.wrong(VerdictStatus.INCORRECT, words + " words", "too-long");
    }
}
