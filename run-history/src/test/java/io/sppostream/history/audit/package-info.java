@NullMarked
package io.sppostream.history.audit;

import org.jspecify.annotations.NullMarked;
