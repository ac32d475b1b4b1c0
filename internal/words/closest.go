package words

// Closest returns the known word that a word is most likely a slip of, or
// nothing when none is close: more than a slip or two make another word.
func Closest(word string, known []string) string {
	best, distance := "", (len(word)+1)/3
	for _, candidate := range known {
		if d := editDistance(word, candidate); d < distance || d == distance && best == "" {
			best, distance = candidate, d
		}
	}
	return best
}

// editDistance counts the bytes to insert, remove or replace to make b of a.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replaced := diagonal
			if a[i] != b[j] {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
