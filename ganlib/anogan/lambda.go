package anogan

import "fmt"

// LambdaOfMeans is the λ of means that weighs as λ does in sums, for images of so many elements and features of so many.
// The blog's λ is of means, the paper's of sums: λₘ = F·λ / (P·(1−λ) + F·λ). A(x) then differs by a factor and ranks alike.
func LambdaOfMeans(sums float64, pixels, features int) float64 {
	return convert(sums, float64(pixels), float64(features))
}

// LambdaOfSums is the way back.
func LambdaOfSums(means float64, pixels, features int) float64 {
	return convert(means, float64(features), float64(pixels))
}

func convert(lambda, rest, own float64) float64 {
	return own * lambda / (rest*(1-lambda) + own*lambda)
}

// describeLambda states λ in both conventions.
func (s Search) describeLambda(pixels, features int) string {
	if s.Sums {
		return fmt.Sprintf("λ = %g of sums (%.3g of means)", s.Lambda, LambdaOfMeans(s.Lambda, pixels, features))
	}
	return fmt.Sprintf("λ = %g of means (%.3g of sums)", s.Lambda, LambdaOfSums(s.Lambda, pixels, features))
}

// describe says in a line how latents are searched.
func (s Search) describe(pixels, features int) string {
	text := "no search, z = E(x)"
	if s.Steps > 0 {
		text = fmt.Sprintf("%d steps of Adam at %g", s.Steps, s.Rate)
	}
	if s.LateStep > 0 && s.LateStep < s.Steps {
		text += fmt.Sprintf(", from step %d another at %g", s.LateStep, s.Late)
	}
	if s.Steps > 0 && s.From == FromEncoder {
		text += ", from z = E(x)"
	}
	text += ", " + s.describeLambda(pixels, features)
	if s.Squares {
		text += ", of squares"
	}
	if s.Restarts > 1 {
		text += fmt.Sprintf(", the best of %d starts", s.Restarts)
	}
	if s.Bound != "none" && s.Steps > 0 {
		text += ", z bounded by " + s.Bound
	}
	if s.Stop > 0 {
		text += fmt.Sprintf(", stopped at a loss of %g", s.Stop)
	}
	return text + s.Slips.describe()
}
