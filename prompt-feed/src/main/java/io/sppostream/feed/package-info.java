/** The feed: releases prompts at the pace of the learners. */
@NullMarked
package io.sppostream.feed;

import org.jspecify.annotations.NullMarked;
